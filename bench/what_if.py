# Fills a running server with clicks, and replays them under another rule set: what_if.py URL fill CLICKS | replay FROM.
# `fill` prints the time before the first click; `replay` prints seconds until the answer is there, and clicks in it.
import json
import random
import sys
import time
import urllib.error
import urllib.request

url, verb, number = sys.argv[1], sys.argv[2], sys.argv[3]
BATCH = 4000
ADS = 200
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36"


def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.loads(error.read() or b"null")


def now(plus=0.0):
    moment = time.time() + plus
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03}Z"


def fill(clicks):
    chance, begin = random.Random(7), now(-1)
    for campaign in range(ADS // 4):
        ask("PUT", f"/v1/clicks/campaigns/c{campaign}", {"currency": "EUR", "price_micros": 250000})
    for ad in range(ADS):
        new = {"campaign": f"c{ad % (ADS // 4)}", "placement": "home", "target": "https://shop.example/"}
        assert ask("PUT", f"/v1/clicks/ads/ad-{ad}", new)[0] in (200, 201)
    ask("POST", "/v1/clicks/rulesets", {"name": "tried", "dedupe_seconds": 600, "datacenters": ["10.1.0.0/16"]})
    for first in range(0, clicks, BATCH):
        batch = []
        for click in range(first, min(first + BATCH, clicks)):
            visitor = chance.randrange(300_000)
            batch.append({
                "click_id": f"k{click}", "ad": f"ad-{chance.randrange(ADS)}", "visitor": f"v{visitor}",
                "ip": f"10.{visitor >> 16}.{visitor >> 8 & 255}.{visitor & 255}", "user_agent": BROWSER,
            })
        status, _, said = ask("POST", "/v1/clicks:batch", {"clicks": batch})
        assert status == 202 and all(item["status"] == "accepted" for item in said["results"]), (status, said)
    print(begin)


def replay(begin):
    time.sleep(0.01)
    path = f"/v1/clicks/rulesets/2/replay?from={begin}&to={now(-0.005)}"
    began = time.time()
    while True:
        status, _, said = ask("GET", path)
        if status == 200:
            break
        assert status == 202, (status, said)
        # How far it is, for whoever watches.
        print(said, file=sys.stderr)
        time.sleep(0.1)
    print(f"{time.time() - began:.1f} {said['now']['gross']} {said['unopened']}")


fill(int(number)) if verb == "fill" else replay(number)
