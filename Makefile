# The front door: short names for what Meson and the scripts in tools/ and tests/ do. Everything is built in build*/.

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 30
PYTEST_ARGS ?=
# Tests wait for servers much of the time: one more at a time than there are processors.
PYTEST_WORKERS ?= $(shell expr $$(nproc) + 1)
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

# `make check` and `CC=clang make check` keep a folder each.
CHECK = build-check$(if $(filter-out default,$(origin CC)),-$(notdir $(firstword $(CC))))
SANITIZE = --buildtype=debugoptimized -Db_sanitize=address,undefined
# 400 programs are linked: by the quickest linker that is there.
LINKER = $(if $(shell command -v mold),CC_LD=mold)

all: build/build.ninja
	ninja -C build

demo:
	tools/packages install build run
	$(MAKE) all
	tools/demo build/evercert

check:
	tools/packages install build test
	[ -f $(CHECK)/build.ninja ] || $(LINKER) meson setup $(CHECK) --werror $(SANITIZE)
	ninja -C $(CHECK)
	tools/house $(CHECK) --hold
	meson test -C $(CHECK) --no-rebuild --print-errorlogs
	EVERCERT=$(CHECK)/evercert $(PYTHON) -B -m pytest -n $(PYTEST_WORKERS) --dist loadfile tests/integration $(PYTEST_ARGS)

install: all
	meson configure build --prefix=$(PREFIX)
	meson install -C build $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

# docs/packaging.md. Into build-deb, build-rpm, build-rootfs.
deb:
	tools/packages install build deb
	packaging/build-deb

rpm:
	tools/packages install build rpm
	packaging/build-rpm

rootfs:
	tools/packages install build
	packaging/build-rootfs

bench:
	tools/packages install build bench
	$(MAKE) all
	$(PYTHON) -B tests/bench/bench.py build/evercert $(BENCH_ARGS)

# The folder is clang's: clang-tidy refuses what only gcc knows.
lint:
	tools/packages install build lint
	[ -f build-lint/build.ninja ] || CC=clang meson setup build-lint --buildtype=release -Dtests=disabled
	tools/check-includes
	clang-format --dry-run --Werror $$(git ls-files '*.c' '*.h')
	run-clang-tidy -quiet -p build-lint 'src/(?!.*_(test|fuzz)\.c).*\.c$$'
	cppcheck -j $$(nproc) --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability --std=c11 \
	    --suppress=missingIncludeSystem --suppress=uninitvar --suppress=resourceLeak --suppress=varFuncNullUB -I src src

fuzz:
	tools/packages install build test fuzz
	[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true $(SANITIZE)
	ninja -C build-fuzz
	tools/fuzz build-fuzz $(FUZZ_SECONDS)

build/build.ninja:
	meson setup build --buildtype=release --prefix=$(PREFIX) -Dtests=disabled

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build build-check build-check-* build-lint build-fuzz build-deb build-rpm build-rootfs

.PHONY: all demo check install deb rpm rootfs bench lint format fuzz clean
