"""Makes a SKU and opens carts: `open_carts.py URL COUNT` prints the id and the token of each."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

THREADS = 32
HEADERS = {"content-type": "application/json"}


def ask(connection, method, path, body):
    connection.request(method, path, json.dumps(body), HEADERS)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201):
        sys.exit(f"{method} {path}: {answer.status} {text}")
    return json.loads(text)


def open_carts(host, count):
    connection = HTTPConnection(host)
    opened = [ask(connection, "POST", "/v1/carts", {"currency": "EUR"}) for _ in range(count)]
    return [f"{cart['id']} {cart['token']}" for cart in opened]


def main():
    host, count = urlsplit(sys.argv[1]).netloc, int(sys.argv[2])
    sku = {"on_hand": 1_000_000_000, "price": {"amount": 1999, "currency": "EUR"}, "title": "Tee"}
    ask(HTTPConnection(host), "PUT", "/v1/carts/skus/tee", sku)
    shares = [count // THREADS + (thread < count % THREADS) for thread in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as threads:
        for lines in threads.map(lambda share: open_carts(host, share), shares):
            print("\n".join(lines))


main()
