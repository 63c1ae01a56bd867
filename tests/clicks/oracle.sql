-- Judges every click of the raw log again, as a bill's auditor would: plain SQL, and no code of the program.
--
-- Given: `raw` (records of `clicks` as the log has them), `sent` (which click came when to its ad), `campaigns` and
-- `ads` (what was asked for), `rules` (what a rule set says), `crawlers` (User-Agents that the patterns have).

-- A click id counts once for each network that it came from.
CREATE TABLE taken AS
SELECT * EXCLUDE (nth) FROM (
    SELECT *, row_number() OVER (PARTITION BY prefix, click_id ORDER BY part, off, idx) AS nth FROM raw
) WHERE nth = 1;

-- A time that cannot be is the log's.
CREATE TABLE timed AS
SELECT *, row_number() OVER (ORDER BY part, off, idx) AS seq,
    CASE WHEN said IS NULL OR said + 86400000 < arrived OR said > arrived + 120000 THEN arrived ELSE said END AS t
FROM taken;

-- Who is counted: the address, its network, and the visitor within it, unless that is the address anyway.
CREATE TABLE counted AS
SELECT seq, t, 'address' AS what, address AS who FROM timed
UNION ALL SELECT seq, t, 'prefix', prefix FROM timed
UNION ALL SELECT seq, t, 'visitor', visitor || prefix FROM timed WHERE identity <> 'derived';

CREATE TABLE paced AS
SELECT *, t // 1000 AS s, t // 60000 AS m,
    max(t) OVER (PARTITION BY what, who ORDER BY seq) AS head,
    max(t) OVER (PARTITION BY what, who ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
FROM counted;

-- A ring has 60 seconds and 60 minutes up to the latest click that it saw. What is older than its seconds is counted by
-- the minute, and what is older than its minutes alone.
CREATE TABLE rates AS
SELECT i.seq, i.what,
    CASE WHEN i.s >= i.head // 1000 - 59
        THEN count(*) FILTER (WHERE j.s BETWEEN i.head // 1000 - 59 AND i.s)
        ELSE greatest(1, count(*) FILTER (WHERE j.m = i.m AND i.m >= i.head // 60000 - 59)) END AS in_minute,
    greatest(1, count(*) FILTER (WHERE j.m BETWEEN i.head // 60000 - 59 AND i.m)) AS in_hour
FROM paced i JOIN paced j ON i.what = j.what AND i.who = j.who AND j.seq <= i.seq AND j.m BETWEEN i.m - 60 AND i.m
GROUP BY i.seq, i.what, i.s, i.m, i.head;

-- Clicks at one pace: the pause before each is that before the one ahead of it, give or take 50 ms.
CREATE TABLE runs AS
WITH pauses AS (
    SELECT seq, what, who, t - before AS pause, coalesce(t <= before, true) AS fresh FROM paced
), alike AS (
    SELECT *, NOT fresh
        AND NOT coalesce(lag(fresh) OVER w, true)
        AND coalesce(abs(pause - lag(pause) OVER w) <= 50, false) AS same
    FROM pauses WINDOW w AS (PARTITION BY what, who ORDER BY seq)
), grouped AS (
    SELECT *, sum(CASE WHEN same THEN 0 ELSE 1 END) OVER (PARTITION BY what, who ORDER BY seq) AS run FROM alike
)
SELECT seq, what, CASE WHEN fresh THEN 1
    ELSE 1 + row_number() OVER (PARTITION BY what, who, run ORDER BY seq) END AS length
FROM grouped;

-- What the first machine knows of a click. A derived visitor is its address.
CREATE TABLE evidence AS
SELECT c.*, a.in_minute AS address_minute, a.in_hour AS address_hour, p.in_minute AS prefix_minute,
    p.in_hour AS prefix_hour, coalesce(v.in_minute, a.in_minute) AS visitor_minute,
    coalesce(v.in_hour, a.in_hour) AS visitor_hour, r.length AS cadence
FROM timed c
JOIN rates a ON a.seq = c.seq AND a.what = 'address'
JOIN rates p ON p.seq = c.seq AND p.what = 'prefix'
LEFT JOIN rates v ON v.seq = c.seq AND v.what = 'visitor'
JOIN runs r ON r.seq = c.seq AND r.what = CASE WHEN c.identity = 'derived' THEN 'address' ELSE 'visitor' END;

-- In the order in which they came to their ad, the first of each id.
CREATE TABLE arrived AS
SELECT * EXCLUDE (nth) FROM (
    SELECT e.*, s.part AS ad_part, row_number() OVER (ORDER BY s.part, s.off, s.idx) AS turn,
        row_number() OVER (PARTITION BY s.part, e.click_id ORDER BY s.off, s.idx) AS nth
    FROM evidence e JOIN sent s ON s.click_id = e.click_id AND s.prefix = e.prefix
) WHERE nth = 1;

CREATE TABLE termed AS
SELECT c.*, ads.campaign, ads.placement, ads.shards AS spread, k.price_micros, k.paused, k.starts_at, k.ends_at,
    k.ruleset, r.* EXCLUDE (number, dedupe_seconds, double_click_ms, lateness_seconds),
    1000 * coalesce(k.dedupe_seconds, r.dedupe_seconds) AS dedupe,
    coalesce(k.double_click_ms, r.double_click_ms) AS double,
    1000 * coalesce(k.lateness_seconds, r.lateness_seconds) AS lateness
FROM arrived c JOIN ads ON ads.id = c.ad JOIN campaigns k ON k.id = ads.campaign JOIN rules r ON r.number = k.ruleset;

-- A token is good for the first click that shows it.
CREATE TABLE marked AS
SELECT c.*, test AS is_test, bad_token OR (require_token AND impression IS NULL) OR coalesce(u.nth > 1, false) AS is_bad_token,
    prefetch AS is_prefetch, user_agent IN (SELECT user_agent FROM crawlers) AS is_bot,
    list_contains(datacenter_of, ruleset) AS is_datacenter,
    (address_per_minute > 0 AND address_minute > address_per_minute)
        OR (address_per_hour > 0 AND address_hour > address_per_hour)
        OR (prefix_per_minute > 0 AND prefix_minute > prefix_per_minute)
        OR (prefix_per_hour > 0 AND prefix_hour > prefix_per_hour)
        OR (visitor_per_minute > 0 AND visitor_minute > visitor_per_minute)
        OR (visitor_per_hour > 0 AND visitor_hour > visitor_per_hour)
        OR (cadence_limit > 0 AND cadence >= cadence_limit) AS is_fast
FROM termed c LEFT JOIN (
    SELECT turn, row_number() OVER (PARTITION BY ad_part, impression ORDER BY turn) AS nth
    FROM termed WHERE impression IS NOT NULL AND NOT bad_token
) u USING (turn);

-- Of a visitor's clicks on an ad that nothing else speaks against, one counts if none that counts is too near.
CREATE TABLE candidates AS
SELECT turn, t, dedupe, double, dense_rank() OVER (ORDER BY ad, visitor) AS who,
    row_number() OVER (PARTITION BY ad, visitor ORDER BY turn) AS nth
FROM marked WHERE NOT (is_test OR is_bad_token OR is_prefetch OR is_bot OR is_datacenter OR is_fast);

CREATE TABLE spaced AS
WITH RECURSIVE walk AS (
    SELECT who, nth, turn, [t] AS counted, false AS is_double, false AS is_near FROM candidates WHERE nth = 1
    UNION ALL
    SELECT who, nth, turn, CASE WHEN near OR twice THEN counted ELSE list_append(counted, t) END, twice, near
    FROM (
        SELECT c.*, w.counted,
            len(list_filter(w.counted, lambda other: abs(other - c.t) < c.dedupe)) > 0 AS near,
            len(list_filter(w.counted, lambda other: abs(other - c.t) < c.double)) > 0 AS twice
        FROM walk w JOIN candidates c ON c.who = w.who AND c.nth = w.nth + 1
    )
)
SELECT turn, is_double, is_near FROM walk;

CREATE TABLE judged AS
SELECT c.*, CASE
    WHEN is_test THEN 'test'
    WHEN is_bad_token THEN 'bad_token'
    WHEN is_prefetch THEN 'prefetch'
    WHEN is_bot THEN 'bot'
    WHEN is_datacenter THEN 'datacenter'
    WHEN is_fast THEN 'velocity'
    WHEN s.is_double THEN 'double_click'
    WHEN s.is_near THEN 'dedupe'
    WHEN paused OR t < starts_at OR t >= ends_at THEN 'ended'
    WHEN (t // 3600000 + 1) * 3600000 + lateness <= arrived THEN 'late'
END AS reason
FROM marked c LEFT JOIN spaced s USING (turn);
