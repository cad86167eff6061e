# SPDX-License-Identifier: Apache-2.0
# Vaultwall's one build file. Everything generated lands under build/; V=1 shows the commands.

VERSION ?= 0.1.0
JOBS ?= $(shell nproc)
CC := gcc
CLANG ?= clang
FUZZ_SECONDS ?= 60
# Narrows a tier: make unit ONLY='policy*'
ONLY ?= *

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
# On Debian bpftool lives where only root looks.
export PATH := $(PATH):/usr/sbin:/sbin

Q := $(if $(V),,@)
say = @mkdir -p $(@D) && printf '  %-9s %s\n' '$(1)' '$(2)'
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
parallel = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

# --- sources -------------------------------------------------------------------------------------

FILTER_C := $(wildcard bpf/*.bpf.c)
USER_C := $(wildcard user/*.c)
LIBRARY_C := $(filter-out user/main.c,$(USER_C))
# Pure is what the layering table holds neither for the kernel's side nor for the surface.
UPPER := $(shell sed -nE 's/^holds (kernel|surface) //p' scripts/layering.txt)
SURFACE_C := $(wildcard $(UPPER:%=%.c))
PURE_C := $(filter-out $(SURFACE_C),$(LIBRARY_C))
SUPPORT_C := $(wildcard tests/*.c tests/support/*.c)
HELPER_C := $(wildcard tests/packet/*.bpf.c tests/bench/*.bpf.c)
tests_in = $(patsubst %.c,build/%,$(filter-out $(HELPER_C),$(wildcard tests/$(1)/$(ONLY).c)))
HEADERS := $(wildcard include/*.h bpf/*.h user/*.h tests/*.h tests/*/*.h)
C_FILES := $(wildcard bpf/*.c user/*.c tests/*.c tests/*/*.c)
SCRIPTS := $(wildcard scripts/*.sh scripts/completion/* tests/*/*.sh tests/*/*/*.sh .ci/run)
MANUALS := $(wildcard user/man/*.[1-8])

SKELETON := $(if $(FILTER_C),build/vaultwall.skel.h)
HELPERS := $(patsubst %.bpf.c,build/tests/%.skel.h,$(notdir $(HELPER_C)))
PROGRAM := $(if $(filter user/main.c,$(USER_C)),build/vaultwall)
UNIT_TESTS := $(call tests_in,unit)
FUZZERS := $(call tests_in,fuzz)
PACKET_TESTS := $(call tests_in,packet)
BENCHES := $(call tests_in,bench)
NETNS_TESTS := $(wildcard tests/netns/$(ONLY).sh)

# --- flags ---------------------------------------------------------------------------------------

PACKAGES := libbpf libelf zlib yaml-0.1 jansson libmicrohttpd libcurl libsystemd openssl libcap
# Asked once, and only when something is compiled: a fresh machine has no pkg-config yet.
once = $(eval $(1) := $(shell $(2)))$($(1))
PACKAGE_CFLAGS = $(call once,PACKAGE_CFLAGS,pkg-config --cflags $(PACKAGES))
PACKAGE_LIBS = $(call once,PACKAGE_LIBS,pkg-config --libs $(PACKAGES))
MULTIARCH = $(call once,MULTIARCH,$(CC) -print-multiarch)

# -iquote, so that <yaml.h> stays libyaml's and "yaml.h" ours.
QUOTES := -iquote include -iquote bpf -iquote user
TEST_QUOTES = $(if $(filter tests/%,$<),-iquote tests -iquote tests/support)
CPPFLAGS = -D_GNU_SOURCE -DVAULTWALL_VERSION='"$(VERSION)"' $(QUOTES) $(TEST_QUOTES) \
	-isystem build -isystem build/tests $(PACKAGE_CFLAGS)
CFLAGS := -std=gnu17 -g -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Werror -ffile-prefix-map=$(CURDIR)=.
HARDENING := -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
SANITIZE := -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=address,undefined,fuzzer-no-link
BPF_CFLAGS = -target bpf -mcpu=v3 -std=gnu17 -O2 -g -Wall -Wextra -Werror $(QUOTES) \
	$(TEST_QUOTES) -ffile-prefix-map=$(CURDIR)=. -idirafter /usr/include/$(MULTIARCH)
depends = -MMD -MP -MT $@ -MF $@.d

# --- build ---------------------------------------------------------------------------------------

.PHONY: all
all: $(SKELETON) $(PROGRAM) ## build build/vaultwall (the default)

build/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(depends) -c $< -o $@

build/tests/%.bpf.o: $$(filter tests/packet/$$*.bpf.c tests/bench/$$*.bpf.c,$$(HELPER_C))
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(depends) -c $< -o $@

build/vaultwall.bpf.o: $(FILTER_C:%.c=build/%.o)
	$(call say,BPFLINK,$@)
	$(Q)bpftool gen object $@ $^

build/%.skel.h: build/%.bpf.o
	$(call say,SKELETON,$@)
	$(Q)bpftool gen skeleton $< name $(*F)_bpf > $@

build/%.o: %.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(depends) -c $< -o $@

build/sanitized/%.o: %.c
	$(call say,CC+SAN,$<)
	$(Q)$(CLANG) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) $(depends) -c $< -o $@

# Whoever reads a skeleton waits for it; nobody else does.
SKELETON_READERS := $(shell grep -l 'skel\.h>' $(C_FILES) /dev/null)
$(SKELETON_READERS:%.c=build/%.o) $(SKELETON_READERS:%.c=build/sanitized/%.o) \
$(SKELETON_READERS:%=build/lint/%.tidy) $(SKELETON_READERS:%=build/lint/%.analyze): \
	$(SKELETON) $(HELPERS)

build/vaultwall: $(USER_C:%.c=build/%.o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(PACKAGE_LIBS) -o $@

# --- test programs -------------------------------------------------------------------------------

build/libsupport.a: $(SUPPORT_C:%.c=build/%.o)
build/libvaultwall.a: $(LIBRARY_C:%.c=build/%.o)
build/sanitized/libsupport.a: $(SUPPORT_C:%.c=build/sanitized/%.o)
build/sanitized/libvaultwall.a: $(LIBRARY_C:%.c=build/sanitized/%.o)
build/sanitized/libpure.a: $(PURE_C:%.c=build/sanitized/%.o)
build/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

inputs = $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(PACKAGE_LIBS)

# A unit test sees the pure modules only, unless it is named after another one (tests/unit/store.c).
$(SURFACE_C:user/%.c=build/tests/unit/%): build/sanitized/libvaultwall.a
$(UNIT_TESTS): MAIN := -lcmocka
$(FUZZERS): MAIN := -fsanitize=fuzzer
UNIT_LIBRARIES := build/sanitized/libsupport.a build/sanitized/libpure.a
$(UNIT_TESTS) $(FUZZERS): build/%: build/sanitized/%.o $(UNIT_LIBRARIES)
	$(call say,LINK,$@)
	$(Q)$(CLANG) $(SANITIZE) -Wl,--as-needed $(inputs) $(MAIN) -o $@

$(PACKET_TESTS) $(BENCHES): build/%: build/%.o build/libsupport.a build/libvaultwall.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(inputs) -lcmocka -o $@

# --- tests ---------------------------------------------------------------------------------------

VAULTWALL := VAULTWALL=$(CURDIR)/build/vaultwall
RUN := $(VAULTWALL) scripts/run-tests.sh

.PHONY: dependencies demo check unit packet golden netns fuzz fuzz-short bench
dependencies: ## install the Debian packages that are missing
	@scripts/install-dependencies.sh

demo: ## install what is needed, build, and show it at work (KEEP=1 leaves it up)
	@scripts/install-dependencies.sh build demo
	@$(MAKE) $(parallel) all
	@$(SUDO) env $(VAULTWALL) KEEP=$(KEEP) NO_COLOR=$(NO_COLOR) scripts/demo.sh

check: dependencies ## install what is needed, build, lint, run every test
	@MAKE="$(MAKE) $(parallel)" scripts/check.sh

unit: $(UNIT_TESTS) ## pure modules under ASan and UBSan
	@$(RUN) unit --cases --timeout 300 --jobs $(JOBS) $(UNIT_TESTS)

packet: $(PACKET_TESTS) ## packets against the real programs (root, BPF)
	@$(RUN) packet --cases --root --needs bpf --timeout 600 $(PACKET_TESTS)

golden: $(PROGRAM) ## rules in, image or diagnostics out
	@$(RUN) golden --timeout 600 $(wildcard tests/golden/*.sh)

netns: $(PROGRAM) ## whole nodes in network namespaces (root, BPF)
	@$(RUN) netns --root --needs bpf --needs netns --timeout 600 --jobs 2 $(NETNS_TESTS)

fuzz: $(FUZZERS) ## search for FUZZ_SECONDS with each fuzzer (default 60)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(RUN) fuzz --via scripts/fuzz.sh \
		--timeout $$(($(FUZZ_SECONDS) + 60)) --jobs $(JOBS) $(FUZZERS)

fuzz-short: $(FUZZERS)
	@$(RUN) fuzz --via scripts/fuzz.sh --timeout 300 --jobs $(JOBS) $(FUZZERS)

bench: ## figures beside an XDP program that only parses, and beside peers (root; QUICK=1)
	@scripts/install-dependencies.sh build bench
	@$(MAKE) $(parallel) $(PROGRAM) $(BENCHES)
	@$(SUDO) env $(VAULTWALL) QUICK=$(QUICK) tests/bench/run.sh

# --- lint ----------------------------------------------------------------------------------------

LINTS := format house layering manuals cppcheck shellcheck headers analyze tidy
.PHONY: lint format $(LINTS:%=lint-%)
lint: $(LINTS:%=lint-%) ## everything that a reader would otherwise have to say

format: ## lay the code out as .clang-format says
	$(Q)clang-format -i $(C_FILES) $(HEADERS)

lint-format:
	$(Q)$(if $(C_FILES),clang-format --dry-run --Werror $(C_FILES) $(HEADERS))

lint-house lint-layering:
	$(Q)scripts/$(@:lint-%=%).sh

lint-manuals:
	$(Q)$(if $(MANUALS),mandoc -T lint -W warning $(MANUALS))

lint-cppcheck:
	@mkdir -p build/lint/cppcheck
	$(Q)[ -z "$(C_FILES)" ] || cppcheck --quiet --enable=warning,portability,performance \
		--error-exitcode=1 --inline-suppr --suppressions-list=.cppcheck-suppressions \
		-j $(JOBS) --cppcheck-build-dir=build/lint/cppcheck --library=posix --library=gnu --std=c11 \
		-Iinclude -Ibpf -Iuser '-DSEC(x)=' '-D__uint(a,b)=int a' '-D__type(a,b)=b a' \
		'-D__array(a,b)=b a' '-DLIBBPF_OPTS(a,b,...)=struct a b = {0}' $(wildcard bpf user)

# The rest goes file by file and remembers what was clean.
lint-shellcheck: $(SCRIPTS:%=build/lint/%.shellcheck)
# A *.bpf.h goes on where a *.bpf.c left off: alone it means nothing.
lint-headers: $(patsubst %,build/lint/%.alone,$(filter-out %.bpf.h,$(HEADERS)))
lint-analyze: $(USER_C:%=build/lint/%.analyze)
lint-tidy: $(C_FILES:%=build/lint/%.tidy)
all lint-shellcheck lint-headers lint-analyze lint-tidy:
	@:
# gcc 12 does not follow a value through memcpy(); clang's analyzer looks for that.
ANALYZE := -fanalyzer -Wno-analyzer-use-of-uninitialized-value
lint_flags = $(if $(filter bpf/% %.bpf.c %.bpf.h,$<),$(BPF_CFLAGS),$(CPPFLAGS) $(CFLAGS))

build/lint/%.shellcheck: %
	$(call say,SHELL,$<)
	$(Q)shellcheck -x $< && touch $@

build/lint/%.alone: %
	$(call say,ALONE,$<)
	$(Q)$(CLANG) $(lint_flags) $(depends) -include $< -x c -c /dev/null -o /dev/null && touch $@

build/lint/%.analyze: %
	$(call say,ANALYZE,$<)
	$(Q)$(CC) $(ANALYZE) $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(depends) -c $< -o /dev/null && touch $@

build/lint/%.tidy: % .clang-tidy
	$(call say,TIDY,$<)
	$(Q)$(CLANG) $(lint_flags) -w -M -MP -MT $@ -MF $@.d $<
	$(Q)clang-tidy --quiet $< -- $(lint_flags) 2> $@.log || { grep -v 'generated\.$$' $@.log; false; }
	@touch $@

# --- install -------------------------------------------------------------------------------------

.PHONY: install uninstall clean help
install: $(PROGRAM) ## put it under DESTDIR + PREFIX (/usr/local); keeps an existing node.yaml
uninstall: ## take it away again; leaves configuration and rules
install uninstall:
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) SYSCONFDIR=$(SYSCONFDIR) scripts/install.sh $@

clean: ## remove build/
	$(Q)rm -rf build

help: ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

-include $(shell find build -type f -name '*.d' 2> /dev/null)
