"""Writes what Redis is sent where posts are written to the list of each follower.

`fan_out.py posts ACCOUNTS READERS FOLLOWS POSTS`: posts of random accounts, of which each reader follows some.
`fan_out.py one FOLLOWERS`: one post, for so many.
"""

import random
import sys

KEPT = 800


def command(*words):
    return f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)


def write_post(number, followers, inbox):
    said = f"post {number:09}, which says as much as posts do: something, and then something else"
    sys.stdout.write(command("SET", f"post:{number:012}", said))
    for follower in followers:
        key = f"{inbox}:{follower:012}"
        sys.stdout.write(command("LPUSH", key, f"{number:012}") + command("LTRIM", key, "0", str(KEPT - 1)))


def main():
    what, numbers = sys.argv[1], [int(word) for word in sys.argv[2:]]
    if what == "one":
        write_post(999_999_999, range(numbers[0]), "fan")
        return
    accounts, readers, follows, posts = numbers
    dice = random.Random(1)
    followers = [[] for _ in range(accounts)]
    for reader in range(readers):
        for account in dice.sample(range(accounts), min(follows, accounts)):
            followers[account].append(reader)
    for number in range(posts):
        write_post(number, followers[dice.randrange(accounts)], "inbox")


main()
