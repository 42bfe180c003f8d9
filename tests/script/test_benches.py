"""The benches measure what they say, and the table tells what is kept."""

import os
import subprocess
import sys

import pytest

from script.benches import audit_sizes
from script.benches.__main__ import parse
from script.benches.measure import Run, in_turn, run_program, tree, tree_cpu_seconds
from script.benches.rows import Row, compared, percentile, table

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_a_program_costs_its_processor_time():
    assert run_program([sys.executable, "-c", BUSY]).cpu_seconds >= 0.2


def test_a_program_that_fails_has_no_time():
    with pytest.raises(subprocess.CalledProcessError):
        run_program(["false"])


def test_both_sides_run_in_turn_after_a_warm_up():
    order = []

    def side(name):
        def act():
            order.append(name)
            return Run(1, 1)

        return act

    mine, theirs = in_turn(side("ours"), side("reference"), rounds=2)

    warm_up, first, second = order[:2], order[2:4], order[4:]
    assert warm_up == second == ["ours", "reference"]
    assert first == ["reference", "ours"]
    assert len(mine) == len(theirs) == 2


def test_a_tree_of_processes_is_counted_whole():
    shell = 'python=$1; shift; "$python" -c "$1"; echo done; read line'
    command = ["sh", "-c", shell, "sh", sys.executable, BUSY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert tree_cpu_seconds(process.pid) >= 0.2
        assert process.pid in tree(os.getpid())
        process.stdin.close()


def test_ratios_are_of_medians_and_of_the_fastest():
    ours = [Run(0.3, 0.1), Run(0.2, 0.1), Run(9.0, 0.1)]
    reference = [Run(0.1, 0.1)] * 3

    wall, cpu = compared("clone", ours, reference, wall=1.1, cpu=1.05)

    assert wall.value == pytest.approx(3)
    assert wall.fastest == "2.00"
    assert not wall.is_kept
    assert cpu.is_kept


def test_a_row_without_reference_is_bounded_by_its_value():
    assert Row("page", "ms", 99, bound=100).is_kept
    assert not Row("page", "ms", 101, bound=100).is_kept
    assert Row("page", "ms", 101, bound=0).is_kept


def test_a_row_may_be_bounded_from_below():
    assert Row("events", "/s", 1500, bound=1500, is_least=True).is_kept
    slow = Row("events", "/s", 1499, bound=1500, is_least=True)
    assert not slow.is_kept
    assert "| at least 1500 /s | NOT KEPT |" in table([slow])


def test_the_table_says_what_is_not_kept():
    text = table([Row("page", "ms", 101, bound=100), Row("clone", "ms", 5, 2, reference=4)])

    assert "| page | 101.0 ms |  |  |  | 100 ms | NOT KEPT |" in text
    assert "| clone | 5.0 ms | 4.0 ms | 1.25 |  | 2x | kept |" in text


def test_a_percentile_is_one_of_the_values():
    assert percentile([5, 1, 4, 2, 3], 0.95) == 5
    assert percentile(range(100), 0.95) == 95


def test_the_audit_log_is_measured_with_what_was_asked_for_or_with_what_is_usual():
    usual, quick, asked = (
        parse(["audit", *more]) for more in ([], ["--quick"], ["--commits", "1000000"])
    )

    assert audit_sizes.size(usual, "SQLite", audit_sizes.LARGE) == 100_000
    assert audit_sizes.size(quick, "SQLite", audit_sizes.LARGE) == 20_000
    assert audit_sizes.size(asked, "SQLite", audit_sizes.LARGE) == 1_000_000
    assert parse(["git"]).commits == 1_000_000


def test_a_part_of_the_measurements_is_named_by_only():
    part, everything = parse(["audit", "--only", "append"]), parse(["audit"])

    assert audit_sizes.is_wanted(part, "PostgreSQL", "append")
    assert not audit_sizes.is_wanted(part, "PostgreSQL", "drain")
    assert audit_sizes.is_wanted(everything, "drain")
