"""Puts buyers in line, and prints what their places are called, one a line: open_places.py URL EVENT BUYERS."""
import json
import sys
import urllib.request

url, event, buyers = sys.argv[1], sys.argv[2], int(sys.argv[3])
for buyer in range(buyers):
    body = json.dumps({"buyer": f"b{buyer}"}).encode()
    request = urllib.request.Request(
        f"{url}/v1/tickets/events/{event}/queue", body, {"content-type": "application/json"}
    )
    print(json.load(urllib.request.urlopen(request))["place"])
