"""Tests of the script's arithmetic, tables and parsers; nothing is started."""

import pathlib
import tempfile
import unittest

import figures
import parse
import peers
import tables


class Truth(unittest.TestCase):
    def test_arithmetic_of_the_reference_case(self):
        true = figures.truth(200, 20)
        self.assertAlmostEqual(true["p50"], 20, delta=0.01)
        self.assertAlmostEqual(true["p95"], 1040, delta=6)
        self.assertAlmostEqual(true["p99"], 1840, delta=6)
        self.assertAlmostEqual(true["max"], 2020, delta=6)

    def test_few_connections_queue_behind_the_stall(self):
        fifty = figures.truth(200, 20, 50)
        self.assertAlmostEqual(fifty["p95"], 1110, delta=15)
        self.assertEqual(figures.truth(200, 20, 4000), figures.truth(200, 20))
        users = figures.truth_of_users([number / 200 for number in range(50)], 0.25, 80)
        for name, value in fifty.items():
            self.assertAlmostEqual(users[name], value, delta=0.01)

    def test_right_is_within_a_hundredth_of_all_that_was_told(self):
        true = {"p50": 20.0, "p95": 1040.0, "p99": 1840.0, "max": 2020.0}
        self.assertTrue(figures.right({"p50": 20.4, "p95": 1032, "p99": 1850, "max": 2021}, true))
        self.assertFalse(figures.right({"p50": 20.1, "p95": 24, "p99": 1850, "max": 2021}, true))
        self.assertFalse(figures.right({"p50": 255, "p95": None, "p99": 1850, "max": 2021}, true))
        self.assertFalse(figures.right({"p50": 20.6, "p95": 1040, "p99": 1840, "max": 2020}, true))
        self.assertIsNone(figures.right({}, true))


class Figures(unittest.TestCase):
    def test_ratios_are_taken_within_a_round(self):
        rounds = [{"a": 200, "b": 100}, {"a": 110, "b": 50}, {"a": 90}]
        self.assertEqual(figures.ratios(rounds, "a", "b"), {"median": 2.1, "low": 2.0, "high": 2.2, "rounds": 2})
        self.assertIsNone(figures.ratios(rounds, "a", "c"))

    def test_quantiles_take_the_nearest_rank(self):
        self.assertEqual(figures.percentiles(range(1, 101)), {"p50": 50, "p95": 95, "p99": 99, "max": 100})
        self.assertIsNone(figures.quantile([], 0.5))

    def test_slope(self):
        self.assertAlmostEqual(figures.slope([(1000, 7000), (5000, 27_000)]), 5)
        self.assertIsNone(figures.slope([(1, 1)]))


class Tables(unittest.TestCase):
    def test_numbers(self):
        shown = {0.01234: "0.0123", 1.0: "1.00", 12.34: "12.3", 123.4: "123", 1234.5: "1,234", 0: "0", None: "–", 10: "10.0",
                 100: "100", 0.5: "0.500"}
        for value, text in shown.items():
            self.assertEqual(tables.number(value), text)
        self.assertEqual(tables.milliseconds(2020), "2.020 s")
        self.assertEqual(tables.milliseconds(20.14), "20.1 ms")

    def test_ratio_table_tells_what_is_met(self):
        rows = [
            {"name": "slow", "figure": figures.spread([10, 12, 11]), "ratio": figures.spread([9, 11, 10.5])},
            {"name": "ours", "figure": figures.spread([100, 130, 120])},
            {"name": "gone", "figure": None, "note": "not measured"},
            {"name": "quick", "figure": figures.spread([200]), "ratio": figures.spread([0.6])},
        ]
        lines = tables.ratio_table("k", rows, {"slow": 10, "quick": 1}).splitlines()
        self.assertEqual(lines[2], "| quick | 200 | 0.600 | ≥ 1: **not met** |")
        self.assertEqual(lines[3], "| ours | 120 (100–130) | – |  |")
        self.assertEqual(lines[4], "| slow | 11.0 (10.0–12.0) | 10.5 (9.00–11.0) | ≥ 10: met |")
        self.assertEqual(lines[5], "| gone | not measured | – |  |")

    def test_truth_table(self):
        row = {"name": "x", "asked": 4000, "seen": 3950, "p50": 20.2, "p95": 24, "p99": None, "max": 2020, "right": False}
        gone = {"name": "y", "asked": 4000, "note": "not measured"}
        lines = tables.truth_table([row, gone]).splitlines()
        self.assertEqual(lines[2], "| x | 4,000 | 3,950 | 20.2 ms | 24.0 ms | – | 2.020 s | **wrong** |")
        self.assertEqual(lines[3], "| y | 4,000 | – | – | – | – | – | not measured |")

    def test_only_what_is_between_markers_is_replaced(self):
        text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
        self.assertEqual(tables.replace(text, {"x": "new \\1"}), "a\n<!-- x -->\n\nnew \\1\n\n<!-- /x -->\nb\n")
        self.assertEqual(tables.replace(text, {}), text)
        with self.assertRaises(KeyError):
            tables.replace(text, {"y": ""})


class Parsers(unittest.TestCase):
    def test_hey(self):
        text = "  Slowest:\t2.0201 secs\n  50% in 0.0201 secs\n  95%% in 0.0213 secs\n  99% in 2.0101 secs\n"
        told = parse.hey(None, text)
        for name, value in {"p50": 20.1, "p95": 21.3, "p99": 2010.1, "max": 2020.1}.items():
            self.assertAlmostEqual(told[name], value)

    def test_h2load_logs_microseconds(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "log")
            log.write_text("1\t200\t20100\n2\t200\t20300\n3\t200\t2020000\n")
            self.assertEqual(parse.h2load(log, ""), {"p50": 20.3, "p95": 2020.0, "p99": 2020.0, "max": 2020.0})

    def test_oha_tells_seconds(self):
        text = 'x\n{"summary": {"slowest": 2.02}, "latencyPercentiles": {"p50": 0.02, "p95": 1.04, "p99": 1.84}}'
        told = parse.oha(None, text)
        self.assertAlmostEqual(told["p95"], 1040)
        self.assertAlmostEqual(told["max"], 2020)


class Commands(unittest.TestCase):
    def test_every_peer_has_a_command_that_names_no_folder_of_this_machine(self):
        for name in peers.HTTP:
            line = peers.shown(peers.flat(name, "http://127.0.0.1:1", 3))
            self.assertIn("http://127.0.0.1:PORT", line)
            self.assertNotIn(str(peers.paths.ROOT), line)


if __name__ == "__main__":
    unittest.main()
