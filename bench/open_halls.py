"""Puts halls of 60,000 seats in 1,200 rows on sale: open_halls.py URL ROUND HALLS."""
import json
import sys
import urllib.request

url, round_name, halls = sys.argv[1], sys.argv[2], int(sys.argv[3])
rows = [{"id": str(row), "seats": 50} for row in range(1, 1201)]
for hall in range(1, halls + 1):
    event = {
        "id": f"{round_name}-{hall}",
        "categories": [{"id": "floor", "price": {"amount": 5000, "currency": "EUR"}}],
        "sections": [{"id": "A", "category": "floor", "rows": rows}],
    }
    request = urllib.request.Request(
        f"{url}/v1/tickets/events", json.dumps(event).encode(), {"content-type": "application/json"}
    )
    urllib.request.urlopen(request).read()
