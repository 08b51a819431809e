# SPDX-License-Identifier: GPL-3.0-or-later
# One Makefile, no configure step, no recursion into folders.  Everything in
# capitals below may be overridden on the command line; `make help` lists the
# targets.  Objects live under build/<flavour>/.

VERSION  = 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
FLAVOUR ?= release
# NDPI=1: libndpi may name what is unknown to us (agent/guess).
B       := build/$(FLAVOUR)$(if $(filter 1,$(NDPI)),-ndpi)
JOBS    ?= $(shell nproc 2>/dev/null || echo 1)
ifeq ($(origin CC),default)
CC      := gcc
endif
CLANG   ?= clang
AR      ?= ar
SHELL   := /bin/bash

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-print-directory --no-builtin-rules
ifneq ($(V),1)
Q := @
endif
say = $(if $(Q),@echo '  $(1)' '$(patsubst build/%,%,$(2))')

# --- flags -----------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wvla -Wpointer-arith -Wwrite-strings \
	-Wcast-qual -Wformat=2 -Wundef -Wconversion -Wimplicit-fallthrough \
	-Wswitch-enum $(if $(filter 1,$(WERROR)),-Werror)
# Memory that is kept for the next who asks (policy/base/spare.h) could be
# misused unseen.
SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DSPARE_BYTES=0

CFLAGS_release   := -O2 -g -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
LDFLAGS_release  := -pie -Wl,-z,relro,-z,now -fno-lto
CFLAGS_debug     := -O0 -g
CFLAGS_asan      := -O1 -g $(SAN)
LDFLAGS_asan     := $(SAN)
CFLAGS_coverage  := -O0 -g --coverage
LDFLAGS_coverage := --coverage
CFLAGS_fuzz      := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -DSPARE_BYTES=0
LDFLAGS_fuzz     := -fsanitize=address,undefined
CFLAGS  ?= $(CFLAGS_$(FLAVOUR))
LDFLAGS ?= $(LDFLAGS_$(FLAVOUR))

PKGS := libnftnl libmnl libnetfilter_queue libnetfilter_log \
	libnetfilter_conntrack libconfig jansson \
	libidn2 libpsl libmaxminddb libpcap libsystemd libseccomp libcap-ng libcrypto \
	libnghttp2 $(if $(filter 1,$(NDPI)),libndpi)
# Asked once, and only by a recipe: on a fresh machine `make check` installs
# the libraries first.
COMMA := ,
once      = $(eval $(1) := $(shell $(2)))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(PKGS) | sed 's|-I|-isystem |g')
PKG_LIBS   = $(call once,PKG_LIBS,pkg-config --libs $(PKGS))
CHECK_CFLAGS = $(call once,CHECK_CFLAGS,pkg-config --cflags check)
CHECK_LIBS   = $(call once,CHECK_LIBS,pkg-config --libs check)

LANG_FLAGS := -std=gnu17 -D_GNU_SOURCE -I.
ALL_CFLAGS = $(LANG_FLAGS) -DFWAGENT_VERSION='"$(VERSION)"' $(WARN) \
	$(PKG_CFLAGS) $(CFLAGS) -pthread
ALL_LIBS   = $(PKG_LIBS) -pthread

# --- sources ---------------------------------------------------------------

BASE_SRC   := $(wildcard policy/base/*.c)
POLICY_SRC := $(wildcard policy/*.c)
AGENT_SRC  := $(wildcard agent/*.c agent/kernel/*.c agent/packet/*.c \
	agent/flow/*.c agent/stream/*.c agent/proto/*.c agent/verdict/*.c \
	agent/control/*.c agent/store/*.c agent/panic/*.c agent/binding/*.c) \
	agent/guess/$(if $(filter 1,$(NDPI)),guess_ndpi,guess_none).c
DAEMON_SRC := $(wildcard agent/daemon/*.c)
FWCTL_SRC  := $(wildcard agent/fwctl/*.c)
LIB_SRC    := $(BASE_SRC) $(POLICY_SRC) $(AGENT_SRC)
PROG_SRC   := $(DAEMON_SRC) $(FWCTL_SRC)

UNIT_SRC   := $(wildcard tests/unit/test_*.c)
# Only for the tests whose memory is refused.
REFUSAL    := tests/unit/refusal.c
UNIT_HELP  := $(filter-out $(UNIT_SRC) $(REFUSAL),$(wildcard tests/unit/*.c))
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_MAIN  := $(wildcard tests/fuzz/main.c)
# golden.c, replay.c: the programs that tests/*/run.sh compare the words of
CASE_SRC   := $(wildcard tests/golden/*.c tests/replay/*.c tests/bench/*.c)
# The kernel against the evaluation; it uses what the unit tests are made with.
AGREE_SRC  := $(wildcard tests/agreement/*.c)
# Only where libndpi is; formatted everywhere.
NDPI_SRC   := agent/guess/guess_ndpi.c tests/bench/engine/ndpi.c
ENGINE_SRC := $(filter-out $(NDPI_SRC),$(wildcard tests/bench/engine/*.c))
FRAMES     := $(wildcard nft-templates/*.nft)
MAN_IN     := $(wildcard man/*.[58].in)
MAN_PAGES  := $(patsubst man/%.in,build/man/%,$(MAN_IN))
C_FILES    := $(LIB_SRC) $(PROG_SRC) $(UNIT_SRC) $(UNIT_HELP) $(REFUSAL) $(FUZZ_SRC) \
	$(FUZZ_MAIN) $(CASE_SRC) $(AGREE_SRC) $(ENGINE_SRC)
H_FILES    := $(wildcard policy/*.h policy/base/*.h agent/*.h agent/*/*.h \
	tests/unit/*.h tests/fuzz/*.h tests/agreement/*.h tests/bench/engine/*.h)

obj     = $(patsubst %.c,$(B)/%.o,$(1))
# What a packet goes through is optimised as a whole for the programs; tests take
# its parts from the libraries, to put others in their place.
HOT_SRC := $(wildcard agent/engine*.c agent/packet/*.c agent/flow/*.c \
	agent/stream/*.c agent/proto/tls*.c) agent/proto/stack.c \
	agent/proto/registry.c agent/verdict/decide.c $(BASE_SRC) \
	$(addprefix policy/,facts.c eval.c eval_engine.c eval_guard.c eval_dns.c ir.c)
ifeq ($(FLAVOUR)/$(notdir $(CC)),release/gcc)
HOT := $(call obj,$(HOT_SRC))
HOT_FLAGS = -O3 -flto=auto $(call once,HOT_BLOCKS,$(CC) -dumpmachine | \
	sed -n 's/^x86_64.*/-mmemset-strategy=$(BLOCKS) -mmemcpy-strategy=$(BLOCKS)/p')
# For small blocks gcc takes an instruction that is long in beginning (rep stos).
BLOCKS := unrolled_loop:256:noalign,libcall:-1:noalign
$(HOT): HOT_CFLAGS = $(HOT_FLAGS) -ffat-lto-objects
endif
HOT_LDFLAGS = $(if $(HOT),$(filter-out -fno-lto,$(LDFLAGS)) $(HOT_FLAGS),$(LDFLAGS))

LIBS   := $(B)/libfwagent.a $(B)/libfwpolicy.a $(B)/libfwbase.a
PROGS  := $(if $(wildcard agent/daemon/main.c),$(B)/fwagentd) \
	$(if $(wildcard agent/fwctl/main.c),$(B)/fwctl)
UNITS  := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
FUZZES := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))

.PHONY: all install clean help check check-unit check-built check-asan \
	check-valgrind check-recut functional check-tools check-floods \
	check-agreement vm-check \
	fuzz fuzz-smoke coverage format \
	format-check lint tidy cppcheck golden-update gate bench demo deps \
	programs tests-built man
.SECONDARY:
.DELETE_ON_ERROR:

# --- building --------------------------------------------------------------

all: programs ## build fwagentd and fwctl into build/release

programs: $(LIBS) $(PROGS)

CASES  := $(patsubst %.c,$(B)/%,$(CASE_SRC))

GEO    := build/geo/country.mmdb

AGREE  := $(B)/tests/agreement/agree

tests-built: programs man $(UNITS) $(FUZZES) $(CASES) $(AGREE) $(GEO)

# The databases of countries and networks that the tests use.
$(GEO): tests/geo/make-databases.pl
	$(call say,GEN ,$@)
	$(Q)mkdir -p $(@D) && tests/geo/make-databases.pl $(@D)

$(B)/libfwbase.a:   $(call obj,$(BASE_SRC))
$(B)/libfwpolicy.a: $(call obj,$(POLICY_SRC)) $(if $(FRAMES),$(B)/gen/frame_data.o)
$(B)/libfwagent.a:  $(call obj,$(AGENT_SRC))

$(B)/%.a:
	$(call say,AR  ,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

$(B)/fwagentd: $(call obj,$(DAEMON_SRC)) $(HOT) $(LIBS)
$(B)/fwctl:    $(call obj,$(FWCTL_SRC)) $(HOT) $(LIBS)
$(B)/fwagentd $(B)/fwctl:
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(HOT_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(B)/unit/%: $(B)/tests/unit/%.o $(call obj,$(UNIT_HELP)) $(LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(TEST_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS) \
		$(CHECK_LIBS) $(ALL_LIBS)

# What gives memory is replaced in the tests that refuse it.
WRAPPED := malloc calloc realloc mmap idn2_lookup_u8 nfct_new \
	$(addprefix nlsock_,open dump) \
	$(addprefix arena_,alloc calloc str printf) \
	$(addprefix nftnl_,$(addsuffix _alloc,table chain rule set expr udata_buf) \
		$(addsuffix _set_str,table chain rule set expr) \
		$(addsuffix _set_data,rule set))
ALLOCS := $(filter $(B)/unit/test_alloc%,$(UNITS))
$(ALLOCS): $(call obj,$(REFUSAL))
$(ALLOCS): TEST_LDFLAGS = $(addprefix -Wl$(COMMA)--wrap=,$(WRAPPED))

$(AGREE): $(call obj,$(AGREE_SRC) $(UNIT_HELP)) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(ALL_LIBS)

$(CASES): %: %.o $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS) $(ALL_LIBS)

# The fuzz targets: libFuzzer's main in the flavour `fuzz`, else our own main
# that runs the files it is given.
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(if $(filter fuzz,$(FLAVOUR)),,$(call obj,$(FUZZ_MAIN))) $(LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer) \
		-o $@ $(filter %.o,$^) $(LIBS) $(ALL_LIBS)

# How replay reads captures.
CAPTURE := $(call obj,$(addprefix agent/fwctl/,pcap_link.c tunnel.c defrag.c))
$(B)/unit/test_priv: $(call obj,agent/daemon/priv.c)
$(B)/unit/test_worker_tell: $(call obj,agent/daemon/worker_tell.c)
$(B)/unit/test_tunnel $(B)/fuzz/fuzz_capture: $(CAPTURE)
$(B)/tests/replay/recut: $(call obj,$(addprefix agent/fwctl/,pcap_read.c pcap_link.c))
$(B)/fuzz/fuzz_flows: $(call obj,agent/fwctl/flow_tests.c agent/fwctl/flow_words.c)

# The engine alone; and nDPI beside it, where its library is.
BENCHES := $(B)/tests/bench/engine/engine $(if $(shell pkg-config --exists libndpi && echo yes),\
	$(B)/tests/bench/engine/ndpi)
$(BENCHES): $(B)/tests/bench/engine/packets.o $(CAPTURE) $(call obj,agent/fwctl/pcap_read.c)
$(B)/tests/bench/engine/ndpi.o: TEST_CFLAGS = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libndpi))
$(B)/tests/bench/engine/ndpi: BENCH_LIBS = $(shell pkg-config --libs libndpi)
$(BENCHES): %: %.o $(HOT) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(HOT_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS) $(ALL_LIBS) \
		-lpcap $(BENCH_LIBS)

$(B)/tests/unit/%.o $(B)/tests/agreement/%.o: TEST_CFLAGS = $(CHECK_CFLAGS)
$(B)/%.o: %.c
	$(call say,CC  ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(HOT_CFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

# The frame's text is part of the program: no path is needed at run time.
# nft-templates/gateway.nft becomes frame_gateway_text[], ended by a zero byte.
$(B)/gen/frame_data.c: $(FRAMES) Makefile
	$(call say,GEN ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)for f in $(FRAMES); do \
		n=$$(basename "$$f" .nft | tr -c 'a-z0-9\n' _); \
		echo "extern const char frame_$${n}_text[];"; \
		echo "const char frame_$${n}_text[] = {"; \
		od -An -v -td1 "$$f" | sed 's/ *\(-*[0-9][0-9]*\)/\1,/g'; \
		echo '0};'; \
	done > $@
$(B)/gen/%.o: $(B)/gen/%.c
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

-include $(patsubst %.o,%.d,$(call obj,$(sort $(C_FILES) $(NDPI_SRC))))

# The manual's tables are made from the lists that the programs are made from.
build/man/%: man/%.in man/tables.sh $(wildcard policy/*.def agent/*/*.def)
	$(call say,MAN ,$@)
	$(Q)man/tables.sh build/man $(<F)

man: $(MAN_PAGES) ## the manual pages, into build/man

install: all man ## install below DESTDIR/PREFIX (default /usr/local)
	install -d $(DESTDIR)/etc/fwagent $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/fwagentd $(DESTDIR)$(PREFIX)/sbin/fwagentd
	install -m 755 $(B)/fwctl $(DESTDIR)$(PREFIX)/bin/fwctl
	install -d $(DESTDIR)$(PREFIX)/share/fwagent/nft-templates
	install -m 644 $(wildcard packaging/policies/*.conf) $(DESTDIR)$(PREFIX)/share/fwagent/
	install -m 644 $(FRAMES) $(DESTDIR)$(PREFIX)/share/fwagent/nft-templates/
	install -d $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	for m in $(MAN_PAGES); do \
		install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/ || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)/etc/logrotate.d
	install -m 644 packaging/fwagent.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/fwagent.conf
	install -m 644 packaging/fwagent.logrotate $(DESTDIR)/etc/logrotate.d/fwagent
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for u in fwagentd fwagent-boot; do \
		sed 's|@PREFIX@|$(PREFIX)|g' packaging/$$u.service.in \
			> $(DESTDIR)$(PREFIX)/lib/systemd/system/$$u.service || exit 1; done

clean: ## remove everything that was built (a fetched VM kernel too)
	rm -rf build

help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  %-14s %s\n",$$1,$$2}' Makefile

# --- tests -----------------------------------------------------------------

deps: ## install the packages of packaging/deps that are missing (root)
	packaging/install-deps.sh build lab test $(if $(filter 1,$(NDPI)),ndpi)

check: ## everything: install what is missing, build, all tests, lab and VM (root)
	@packaging/install-deps.sh build lab test $(if $(filter 1,$(NDPI)),ndpi)
	@$(MAKE) tests-built
	@tests/run.sh $(B) lint unit golden replay fuzz corpus functional vm

check-built: tests-built
	@tests/run.sh $(B) $(KINDS)

check-unit: ## no root: lint, unit, golden, replay, corpora under the plain build
	@$(MAKE) check-built KINDS='lint unit golden replay fuzz corpus'

check-asan: ## unit, golden, replay and corpora under ASan and UBSan
	@$(MAKE) check-built FLAVOUR=asan KINDS='unit golden replay fuzz corpus'

# Thousands of chance cases and refusals take valgrind too long; ASan has them.
check-valgrind: ## unit tests under valgrind, leaks are errors
	@CK_FORK=no TEST_SKIP='test_agreement test_diff test_alloc test_alloc_agent test_alloc_nft' \
		TEST_WRAPPER='valgrind -q --leak-check=full --error-exitcode=9' \
		$(MAKE) check-built FLAVOUR=debug KINDS=unit

check-recut: tests-built ## every capture of the corpus in other packets: the same facts
	@tests/replay/recut.sh $(B) --all

functional: tests-built ## the lab in network namespaces (root)
	@tests/run.sh $(B) functional

check-tools: ## large tools in the lab: browsers, databases, file and screen servers (root)
	@packaging/install-deps.sh build lab test tools
	@$(MAKE) tests-built
	@TOOLS=heavy TEST_FILTER=83-tools tests/run.sh $(B) functional

check-floods: tests-built ## one client floods, others are served: minutes (root)
	@tests/functional/floods.sh $(B)

check-agreement: tests-built ## 500 random policies x 200 packets, kernel against evaluation (root)
	@tests/agreement/run.sh $(B) $(or $(POLICIES),500) $(or $(PACKETS),200) $(SEED)

vm-check: tests-built ## a short run on the stock Debian kernel, emulated (root)
	@tests/run.sh $(B) vm

demo: ## a lab, real clients and servers, a table of what happened and why (root)
	@packaging/install-deps.sh build lab
	@$(MAKE) programs
	@tests/functional/demo.sh $(B)

golden-update: tests-built ## rewrite the expected files of tests/golden
	@GOLDEN=$(CURDIR)/$(B)/tests/golden/golden tests/golden/run.sh --update

fuzz: ## build the fuzz targets with clang into build/fuzz/fuzz
	@$(MAKE) FLAVOUR=fuzz CC=$(CLANG) tests-built-fuzz

.PHONY: tests-built-fuzz
tests-built-fuzz: $(FUZZES)

FUZZ_SECONDS ?= 30
fuzz-smoke: fuzz ## run each fuzz target FUZZ_SECONDS (30) from its corpus
	@tests/fuzz/smoke.sh build/fuzz/fuzz $(FUZZ_SECONDS)

coverage: ## line coverage of the unit, golden and replay tests, by folder
	@rm -rf build/coverage
	@$(MAKE) check-built FLAVOUR=coverage KINDS='unit golden replay fuzz'
	@tests/coverage.sh build/coverage

bench: programs $(CASES) $(BENCHES) ## timings, compared as ratios within one run
	@shopt -s nullglob; for b in tests/bench/*.sh; do "$$b" $(B) || exit 1; done

# --- style -----------------------------------------------------------------

format: ## clang-format all C files
	@clang-format -i $(sort $(C_FILES) $(NDPI_SRC)) $(H_FILES)

format-check: ## fail if clang-format would change a file
	@clang-format --dry-run -Werror $(sort $(C_FILES) $(NDPI_SRC)) $(H_FILES)

lint: ## layers, banned words, headers alone, SPDX, shellcheck, manual pages
	@tests/run.sh $(B) lint

# One stamp a file: only what changed since, or includes what changed, is
# looked at again.
TIDY := $(patsubst %.c,build/tidy/%.ok,$(C_FILES))
tidy: $(TIDY) ## clang-tidy on what changed since the last time
build/tidy/%.ok: %.c .clang-tidy
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LANG_FLAGS) $(PKG_CFLAGS) -MM -MP -MT $@ -MF $@.d $<
	$(Q)clang-tidy --quiet $< -- $(LANG_FLAGS) -DFWAGENT_VERSION='"$(VERSION)"' \
		-Wno-unknown-warning-option $(PKG_CFLAGS) 2> $@.err || { cat $@.err; exit 1; }
	@touch $@
-include $(addsuffix .d,$(TIDY))

cppcheck: ## cppcheck, findings are errors
	@mkdir -p build/cppcheck
	@cppcheck -q -j $(JOBS) --cppcheck-build-dir=build/cppcheck --std=c11 \
		--enable=warning,style,performance,portability --inline-suppr \
		--suppressions-list=tests/lint/cppcheck.txt --library=posix,gnu \
		-D'mnl_attr_for_each(a,n,o)=for((a)=(const void*)(n);(a);)' \
		-D'mnl_attr_for_each_nested(a,n)=for((a)=(n);(a);)' \
		-D'json_array_foreach(a,i,v)=for((i)=0;((v)=json_array_get((a),(i)));(i)++)' \
		-D'json_object_foreach(o,k,v)=for((k)="";((v)=json_object_get((o),(k)));)' \
		--error-exitcode=1 -I. -D_GNU_SOURCE -DFWAGENT_VERSION='""' \
		$(filter policy/% agent/%,$(C_FILES))

GATE_FUZZ_SECONDS ?= 5
gate: ## what a change must pass
	@$(MAKE) format-check
	@$(MAKE) WERROR=1 FLAVOUR=werror CFLAGS='$(CFLAGS_release)' LDFLAGS='$(LDFLAGS_release)' tests-built
	@$(MAKE) tidy
	@$(MAKE) cppcheck
	@$(MAKE) check-unit
	@$(MAKE) check-asan
	@$(MAKE) fuzz-smoke FUZZ_SECONDS=$(GATE_FUZZ_SECONDS)
