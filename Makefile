# meson and ninja do the work; this names what people do. Where something is missing,
# tools/setup says so and installs it (Debian, Ubuntu).

# A warning stops CI (and tests/run), never who only builds.
MESON_SETUP = meson setup $(if $(CI),-Dwerror=true)

all: build

build: setup
	@test -f build/build.ninja || $(MESON_SETUP) build
	@ninja -C build program

# The embedded default of `kedge serve`, with ./srv to serve from. Ctrl-C ends it.
run: build srv/hello.txt
	@exec ./build/kedge serve

srv/hello.txt:
	@mkdir -p -m 755 srv
	@echo 'Hello. This file came over the wire.' > $@
	@chmod 644 $@

# Whether kedge does what it should: all of it, or some STAGES of tests/run.
STAGES ?= check
check:
	@tools/setup --check
	@tests/run $(STAGES)

# Formatting and static analysis, by the versions of Debian 12.
lint:
	@tools/setup --lint
	@tests/run lint

# What takes long: proof, model, mutants, coverage, fuzzing, and new systems (FRESH: words for
# tools/fresh). As root or with sudo.
FRESH ?= trixie noble
deep:
	@tools/setup --proof --fresh
	@FRESH='$(FRESH)' tests/run deep

# Debian's packages of the last commit, into build-packages: built, looked at by lintian, and tried
# in a clean system in place of a tftpd-hpa. As root; some four minutes, so not in `make deep`.
package:
	@tools/setup --package
	@tools/package --test

# A container image, into build-image: built without a network, and run without a daemon.
image:
	@tools/setup --image
	@tools/image --test

# What the lab sheet (docs/sockets.md) uses.
lab: setup
	@tools/setup --lab
	@test -f build/build.ninja || $(MESON_SETUP) build
	@ninja -C build lab

# The protocol core in simulated worlds: SEEDS of them, the first of seed SEED (by the clock
# if it is not given, and printed). A million transfers are some 80,000 worlds.
SEEDS ?= 80000
sim: setup
	@test -f build/build.ninja || $(MESON_SETUP) build
	@ninja -C build tests/sim/sim
	@./build/tests/sim/sim --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

# Look for faults with random input, TIME for each target: 20s, 10m, 2h.
TIME ?= 60s
fuzz:
	@tools/setup --check
	@tests/fuzz/run --time $(TIME)

# Beside every other implementation that is here; as root. bench-quick: under two minutes.
# ROWS: only rows whose name begins so, as in ROWS='echo tcp'.
bench bench-quick: bench-programs
	@bench/bench.py $(if $(findstring quick,$@),--quick) $(if $(ROWS),--only '$(ROWS)')

# How cost grows with transfers at once and with size, drawn into docs/performance/.
bench-plots: bench-programs
	@bench/bench.py --plots docs/performance

# A peer that came with --peers is seen by meson only when it looks again.
bench-programs: setup
	@tools/setup --peers
	@test -f build/build.ninja && meson configure build >/dev/null && \
		meson setup --reconfigure build >/dev/null || $(MESON_SETUP) build
	@ninja -C build program bench-programs tests/link/badlink

# The prober beside ping, fping, sockperf and irtt; as root, some minutes.
bench-probe: setup
	@tools/setup --peers
	@test -f build/build.ninja || $(MESON_SETUP) build
	@ninja -C build program tests/link/badlink
	@bench/probe.py $(if $(QUICK),--quick)

# What TFTP servers send to hosts that never asked, beside each other; five minutes.
reflection: build
	@tools/setup --peers
	@tests/attacks/reflection.py
	@tests/attacks/forged.py

# The protocol core alone, freestanding, and what it costs a board.
embed:
	@tools/setup --check
	@tests/embed/run

# Which lines of the protocol core do unit tests, simulation and fuzzing reach? All.
coverage: setup
	@tools/setup --check
	@tests/coverage/run

# Can the tests see? One-line faults of the protocol core, each of which must fail some test.
mutants: setup
	@/usr/bin/python3 -B -m pytest -q -n auto tests/mutants

# No undefined behaviour in src/base, src/tftp and src/echo, whatever comes; some minutes.
proof:
	@tools/setup --proof
	@tests/proof/run

# The protocol as a model, every order of losses, copies and overtakings; some minutes.
model:
	@tools/setup --check
	@tests/model/model.py

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-clang build-sanitize build-coverage build-fuzz build-fuzz-plain build-check build-proof .cache

setup:
	@tools/setup

.PHONY: lint deep package image lab bench bench-quick bench-plots bench-probe bench-programs all build run check sim coverage mutants fuzz embed reflection model proof format clean setup
