"""Reads figures in the text format as Prometheus' own client for Python does, and prints them as JSON: name, labels, value."""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = list(text_string_to_metric_families(sys.stdin.read()))
json.dump(
    {
        "types": {family.name: family.type for family in families},
        "samples": [[sample.name, sample.labels, sample.value] for family in families for sample in family.samples],
    },
    sys.stdout,
)
