# SPDX-License-Identifier: Apache-2.0
# Two targets for a newcomer: `make demo` and `make check`. Each installs what it needs by itself.

prefix ?= /usr/local
DESTDIR ?=

export LC_ALL = C.UTF-8

.PHONY: build check demo install bench figures clean dependencies

build:
	@test -f build/build.ninja || meson setup build --prefix='$(prefix)' -Dtests=false
	ninja -C build

dependencies:
	@tools/install-deps

check: dependencies
	@tests/run

demo: dependencies
	@$(MAKE) --no-print-directory build
	@tools/demo build/src/cli/trustmend

install: build
	meson configure build -Dprefix='$(prefix)'
	DESTDIR='$(DESTDIR)' meson install -C build

bench: dependencies
	@$(MAKE) --no-print-directory build
	@ninja -C build tests/bench/generate tests/bench/measure tests/bench/pem_loop tests/bench/crl_generate tests/bench/crl_loop tests/bench/population tests/bench/verify_loop
	@tests/bench/bench.py --program build/src/cli/trustmend
	@tests/bench/stores.py --program build/src/cli/trustmend
	@tests/bench/crls.py --program build/src/cli/trustmend
	@tests/bench/verify.py --program build/src/cli/trustmend

figures: dependencies build
	@tests/suites/keystores.py --results build
	@tests/suites/malformed.py --results build
	@tests/suites/damage.py --results build
	@tests/suites/paths.py || [ $$? -eq 77 ]
	@tests/suites/verdicts.py || [ $$? -eq 77 ]
	@tests/servers/lab.py --results build
	@tests/servers/crash.py

clean:
	rm -rf build build-check-*
