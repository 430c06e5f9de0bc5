"""From a run to a report anyone can check: `report.json`, and the page drawn from it alone."""
