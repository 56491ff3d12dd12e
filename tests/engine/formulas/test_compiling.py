"""Which formulas are taken, and what is said of those that are not."""

from __future__ import annotations

import resource
import time
import tracemalloc
from contextlib import suppress

import pytest

from custom_components.med_exporter.engine.formulas import (
    FormulaError,
    FormulaProblem,
    compile_formula,
)
from custom_components.med_exporter.engine.readings.fields import Kind

from .table import KNOWN


@pytest.mark.parametrize(
    ("formula", "kind", "fields"),
    [
        ("power_w / rated_power * 100", Kind.NUMBER, {"power_w", "rated_power"}),
        ("SUM(cost) / COUNT(DISTINCT DATE(timestamp))", Kind.NUMBER, {"cost", "timestamp"}),
        ("power_w > 5", Kind.FLAG, {"power_w"}),
        ("is_on", Kind.FLAG, {"is_on"}),
        ("MIN(is_on)", Kind.FLAG, {"is_on"}),
        ("CASE WHEN is_on THEN 1 ELSE is_on END", Kind.NUMBER, {"is_on"}),
        ("DATE(timestamp)", Kind.TEXT, {"timestamp"}),
        ("timestamp", Kind.TIME, {"timestamp"}),
        ("COALESCE(NULL, cost)", Kind.NUMBER, {"cost"}),
        ("COUNT(*)", Kind.NUMBER, set()),
    ],
)  # fmt: skip
def test_a_formula_tells_what_it_gives_and_needs(formula, kind, fields):
    compiled = compile_formula(formula, KNOWN)
    assert (compiled.kind, compiled.fields, compiled.text) == (kind, fields, formula)


@pytest.mark.parametrize(
    ("formula", "is_whole"),
    [
        ("HOUR(timestamp)", True),
        ("HOUR(timestamp) % 2", True),
        ("-(HOUR(timestamp) * 2 + 1)", True),
        ("COUNT(*)", True),
        ("COUNT(DISTINCT DATE(timestamp)) - 1", True),
        ("SUM(is_on)", True),
        ("SUM(CASE WHEN power_w > 5 THEN 1 END)", True),
        ("CASE WHEN is_on THEN 1 ELSE is_on END", True),
        ("CASE HOUR(timestamp) WHEN 6 THEN 0.5 ELSE 1 END", False),
        ("MAX(HOUR(timestamp), COALESCE(NULL, 7))", True),
        ("ABS(ROUND(power_w))", True),
        ("ROUND(power_w, -1)", True),
        ("ROUND(power_w, 1)", False),
        ("ROUND(HOUR(timestamp), 1)", True),
        ("HOUR(timestamp) / 2", False),
        ("HOUR(timestamp) + 0.5", False),
        ("AVG(HOUR(timestamp))", False),
        ("power_w % 5", False),
        ("12 % 5.0", True),
        ("DATE(timestamp)", False),
    ],
)
def test_a_formula_tells_whether_it_gives_whole_numbers(formula, is_whole):
    assert compile_formula(formula, KNOWN).is_whole == is_whole


def test_a_total_is_computed_once():
    compiled = compile_formula("SUM(cost) / SUM(cost) + SUM( cost )", KNOWN)
    assert len(compiled.totals) == 1


@pytest.mark.parametrize(
    ("formula", "problem", "position"),
    [
        ("", FormulaProblem.EMPTY, 1),
        (" \n", FormulaProblem.EMPTY, 1),
        ("power_w + watts", FormulaProblem.UNKNOWN_FIELD, 11),
        ("1 + SQRT(power_w)", FormulaProblem.UNKNOWN_FUNCTION, 5),
        ("power_w W", FormulaProblem.UNKNOWN_FIELD, 9),
        ("power_w voltage", FormulaProblem.NOT_ALLOWED, 1),
        ("1 + 'a'", FormulaProblem.NEEDS_NUMBER, 5),
        ("1 +", FormulaProblem.INCOMPLETE, 3),
        ("(1 + 2", FormulaProblem.INCOMPLETE, 6),
        ("1 + 2)", FormulaProblem.INCOMPLETE, 6),
        ("1 2", FormulaProblem.INCOMPLETE, 3),
        ("CASE WHEN 1 THEN 2", FormulaProblem.INCOMPLETE, 18),
        ("MAX(power_w,)", FormulaProblem.INCOMPLETE, 13),
        ("SUM(1 + SUM(cost))", FormulaProblem.NESTED_TOTAL, 9),
        ("timestamp + 1", FormulaProblem.NEEDS_NUMBER, 1),
        ("1 + DATE(power_w)", FormulaProblem.NEEDS_TIME, 10),
        ("power_w = 'a'", FormulaProblem.NOT_ALIKE, 11),
        ("timestamp > '2026-01-01'", FormulaProblem.NOT_ALIKE, 13),
        ("CASE WHEN 1 THEN 1 ELSE 'a' END", FormulaProblem.NOT_ALIKE, 25),
        ("CASE WHEN 'a' THEN 1 END", FormulaProblem.NEEDS_CONDITION, 11),
        ("power_w = NULL", FormulaProblem.NULL_COMPARED, 1),
        ("1 < power_w < 3", FormulaProblem.CHAINED, 1),
        ("NULL", FormulaProblem.NO_VALUE, 1),
        ("ROUND(1, power_w)", FormulaProblem.WRONG_DIGITS, 10),
        ("ROUND(1, 2.5)", FormulaProblem.WRONG_DIGITS, 10),
        ("ROUND(1, 2, 3)", FormulaProblem.TOO_MANY_ARGUMENTS, 1),
        ("COALESCE(1)", FormulaProblem.TOO_FEW_ARGUMENTS, 1),
        ("COUNT()", FormulaProblem.TOO_FEW_ARGUMENTS, 1),
        ("COUNT(DISTINCT cost, power_w)", FormulaProblem.TOO_MANY_ARGUMENTS, 1),
        ("1e16", FormulaProblem.NUMBER_TOO_LARGE, 1),
        ("1" * 1001, FormulaProblem.TOO_LONG, 1001),
        ("+".join("1" * 151), FormulaProblem.TOO_MANY_WORDS, 301),
        ("(" * 21 + "1" + ")" * 21, FormulaProblem.TOO_DEEP, 21),
    ],
)  # fmt: skip
def test_an_error_names_what_is_wrong_and_where(formula, problem, position):
    with pytest.raises(FormulaError) as caught:
        compile_formula(formula, KNOWN)
    assert (caught.value.problem, caught.value.position) == (problem, position)
    assert "{" not in caught.value.message


LONGEST = [
    "+".join("1" * 150),
    "(" * 20 + "1" + ")" * 20,
    "- " * 20 + "1",
    "NOT " * 20 + "1",
    "ABS(" * 20 + "1" + ")" * 20,
    "MIN(1," * 20 + "1" + ")" * 20,
    "CASE WHEN " * 20 + "1" + " THEN 1 END" * 20,
    "CASE " * 20 + "1" + " WHEN 1 THEN 1 WHEN 2 THEN 2 END" * 20,
    "CASE WHEN 1 THEN 1 ELSE " * 20 + "1" + " END" * 20,
    "DATE(" + "(" * 19 + "timestamp" + ")" * 20,
    "DATE(MAX(COALESCE(" + "(" * 17 + "timestamp" + ")" * 17 + ", timestamp)))",
    " + ".join(["HOUR(timestamp)"] * 50),
]


@pytest.mark.parametrize("formula", LONGEST, ids=lambda formula: formula[:12])
def test_formulas_at_the_limits_are_read_at_once(formula):
    before = time.process_time()
    compiled = compile_formula(formula, KNOWN)
    assert time.process_time() - before < 1
    assert len(compiled.row) < 20 * len(formula)


HOSTILE = [
    # Other statements, and more than one.
    "1; DROP TABLE result",
    "1;",
    ";1",
    "DELETE FROM result",
    "UPDATE result SET power_w = 0",
    "INSERT INTO result VALUES (1)",
    "ATTACH DATABASE '/etc/passwd' AS x",
    "DETACH x",
    "PRAGMA writable_schema = 1",
    "VACUUM INTO '/tmp/copy'",
    "BEGIN",
    "CREATE TABLE x (y)",
    "EXPLAIN SELECT 1",
    # Other tables.
    "SELECT 1",
    "(SELECT 1)",
    "(SELECT sql FROM sqlite_master)",
    "EXISTS (SELECT 1 FROM states)",
    "power_w IN (SELECT 1)",
    "power_w + (SELECT COUNT(*) FROM result, result, result)",
    "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r)",
    "WITH x AS (SELECT 1) SELECT 1",
    "(VALUES (1), (2))",
    "(TABLE result)",
    "1 UNION SELECT 2",
    "1 FROM states",
    "1 WHERE 1",
    "states.state",
    "main.result.power_w",
    "result.power_w",
    "sqlite_master",
    "rowid",
    "device",
    "*",
    "result.*",
    # Files and the system.
    "load_extension('/tmp/x.so')",
    "readfile('/etc/passwd')",
    "writefile('/tmp/x', 'y')",
    "edit(1)",
    "fts3_tokenizer('x')",
    "sqlite_version()",
    "sqlite_compileoption_get(1)",
    "last_insert_rowid()",
    "formula_round(1, 2)",
    # Memory and time.
    "randomblob(1000000000)",
    "zeroblob(1000000000)",
    "printf('%.*c', 1000000000, 'x')",
    "format('%1000000000d', 1)",
    "hex(zeroblob(100000000))",
    "replace('aaaa', 'a', 'aaaa')",
    "group_concat(device_name)",
    "string_agg(device_name, ',')",
    "json_group_array(power_w)",
    "device_name LIKE '%a%a%a%a%a%a%a%a%b'",
    "device_name GLOB '*a*a*a*a*a*a*b'",
    "device_name REGEXP '(a+)+$'",
    "device_name MATCH 'x'",
    "'a' || 'b'",
    "generate_series(1, 1000000000)",
    "9" * 400,
    "1e999",
    "1e308",
    "0x7fffffffffffffff",
    "x'00'",
    "-9223372036854775808",
    "'" + "a" * 2000 + "'",
    "(" * 499 + "1" + ")" * 499,
    "(" * 999,
    "[" * 999,
    "{" * 999,
    "- " * 499 + "1",
    "NOT " * 249 + "1",
    "CASE " * 190,
    "CASE WHEN " * 90 + "1",
    "ABS(" * 249,
    "DATE(" * 20 + "timestamp" + ")" * 20,
    "DATE(" + "ABS(DATE(" * 6 + "timestamp" + "))" * 6 + ")",
    "DATE(" * 150,
    "TIMESTAMP(" * 20 + "1" + ")" * 20,
    "+".join("1" * 500),
    "1 " * 290,
    # Windows, casts, arguments that should not be.
    "SUM(power_w) OVER ()",
    "SUM(power_w) OVER (ORDER BY timestamp)",
    "SUM(power_w) FILTER (WHERE 1)",
    "SUM(power_w ORDER BY power_w)",
    "ROW_NUMBER() OVER ()",
    "SUM(DISTINCT power_w)",
    "AVG(DISTINCT power_w)",
    "DISTINCT power_w",
    "(DISTINCT power_w)",
    "SUM(*)",
    "CAST(power_w AS TEXT)",
    "power_w::text",
    "TRY_CAST(power_w AS INT)",
    "power_w COLLATE NOCASE",
    "power_w AS x",
    "power_w x",
    "power_w 'x'",
    "DATE(timestamp, '+1 day')",
    "DATE('now')",
    "HOUR('2026-01-01')",
    "timestamp '2026-01-01'",
    "DATE '2026-01-01'",
    "CURRENT_TIMESTAMP",
    "INTERVAL '1' DAY",
    "RAISE(ABORT, 'x')",
    "IIF(1, 2, 3)",
    "IF(1, 2, 3)",
    "(1, 2)",
    "(1, 2) = (1, 2)",
    "power_w BETWEEN 1 AND 2",
    "power_w IN (1, 2)",
    "power_w IS 5",
    "power_w IS TRUE",
    "power_w << 2",
    "power_w & 1",
    "~ power_w",
    "power_w -> '$'",
    "power_w ^ 2",
    "2 ** 3",
    "7 // 2",
    "7 DIV 2",
    "power_w := 1",
    "x -> x + 1",
    # Quoting, comments, placeholders.
    '"power_w"',
    "[power_w]",
    "`power_w`",
    '"SUM"(power_w)',
    '"load_extension"(1)',
    "1 -- comment",
    "1 /* comment */",
    "/* only */",
    "--",
    "1 /*",
    "'open",
    "'it''",
    "?",
    "?1",
    ":name",
    "@name",
    "$name",
    "#power_w",
    "{power_w}",
    "{{ power_w }}",
    "{total_0}",
    "{power_w.__class__}",
    "{% raw %}",
    "N'x'",
    "b'1'",
    "r'x'",
    "\\",
    "power_w\0",
    "'a\0b'",
    "'\ud800'",
    "\ufeff1",
    "power_w\u200b + 1",
    "\uff21\uff22\uff33(1)",
    "\uff50ower_w",
    "power_w \uff0b 1",
    "\u017fum(power_w)",
    "m\u0131n(power_w)",
    "\uff11 + 1",
    "٣",
    "1\u20032",
    "1_000",
    "1.2.3",
    "1e",
    "WHEN",
    "END",
    "CASE END",
    "CASE ELSE 1 END",
    "AND",
    "NOT",
    "DISTINCT",
    "COUNT(DISTINCT)",
    "MIN()",
    ",",
    ")",
    ")(",
]  # fmt: skip


@pytest.mark.parametrize("formula", HOSTILE, ids=lambda formula: ascii(formula[:40]))
def test_a_hostile_formula_is_refused_at_once(formula):
    before = time.process_time()
    with pytest.raises(FormulaError) as caught:
        compile_formula(formula, KNOWN)
    assert time.process_time() - before < 1
    assert 1 <= caught.value.position <= len(formula) + 1
    assert len(caught.value.message) < 300


def test_refusing_takes_no_memory():
    tracemalloc.start()
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for formula in (*HOSTILE, *LONGEST, "(" * 10_000_000):
        with suppress(FormulaError):
            compile_formula(formula, KNOWN)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000 + 10_000_000
    tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - highest < 100_000


def test_a_hostile_formula_inside_a_valid_one_is_refused():
    for formula in HOSTILE:
        if len(formula) < 400 and formula not in ("*", "1;", ",", ";1"):
            with pytest.raises(FormulaError):
                compile_formula(f"SUM(power_w) + ({formula})", KNOWN)
