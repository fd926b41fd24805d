"""JUnit XML, by junitparser, and held against the schema beside this file by lxml."""

import pathlib

import junitparser
from lxml import etree

from common import Differs, clean, how_it_failed


def check(path, report, compared):
    schema = etree.XMLSchema(etree.parse(pathlib.Path(__file__).with_name("junit.xsd")))
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    if not schema.validate(etree.parse(path, parser)):
        raise Differs(f"the schema: {schema.error_log}")
    xml = junitparser.JUnitXml.fromfile(str(path))
    requirements = report["requirements"]
    failed = [one for one in requirements if one["test"] == "fail"]
    compared.same("tests", xml.tests, len(requirements))
    compared.same("failures", xml.failures, len(failed))
    compared.near("time", xml.time, report["took_ms"] / 1e3, 1e-3)
    runs = {run["scenario"]: run for run in reversed(report["runs"])}
    cases = [case for suite in xml for case in suite]
    compared.same("cases", len(cases), len(requirements))
    for case, one in zip(cases, requirements):
        name = one["name"]
        compared.same("name", case.name, clean(name))
        compared.same(f"{name}: class", case.classname, clean(report["profile"]))
        run = runs.get(one["scenario"])
        took = run["window"]["to_ms"] if run else report["took_ms"]
        compared.near(f"{name}: time", case.time, took / 1e3, 1e-3)
        results = [(result.type, result.message) for result in case.result]
        kind = how_it_failed(one)
        expected = [(kind, clean(one["reason"]))] if one["test"] == "fail" else []
        compared.same(f"{name}: result", results, expected)
