-- A monitored installation's rows: what the package brings are templates, to which these add measurements, problems and
-- what became of them. Keys are counted on from those that are there.

INSERT INTO history (itemid, clock, value, ns)
SELECT itemid, 1700000000 + 60 * n, itemid % 97 + n, n
FROM (SELECT itemid FROM items WHERE value_type = 0 ORDER BY itemid LIMIT 300) chosen, generate_series(1, 200) n;

INSERT INTO history_uint (itemid, clock, value, ns)
SELECT itemid, 1700000000 + 60 * n, itemid % 89 + n, n
FROM (SELECT itemid FROM items WHERE value_type = 3 ORDER BY itemid LIMIT 300) chosen, generate_series(1, 200) n;

INSERT INTO trends (itemid, clock, num, value_min, value_avg, value_max)
SELECT itemid, 1700000000 + 3600 * n, 60, n, n + 1, n + 2
FROM (SELECT itemid FROM items WHERE value_type = 0 ORDER BY itemid LIMIT 300) chosen, generate_series(1, 100) n;

INSERT INTO events (eventid, source, object, objectid, clock, value, name, severity)
SELECT n, 0, 0, chosen[1 + n % 500], 1700000000 + n, n % 2, 'Load is high on host ' || n % 500, n % 6
FROM generate_series(1, 30000) n, (SELECT array_agg(triggerid ORDER BY triggerid) chosen FROM triggers) t;

INSERT INTO problem (eventid, source, object, objectid, clock, name, severity)
SELECT eventid, source, object, objectid, clock, name, severity FROM events WHERE value = 1;

INSERT INTO event_tag (eventtagid, eventid, tag, value)
SELECT eventid, eventid, 'scope', (ARRAY['performance', 'availability', 'capacity'])[1 + eventid % 3] FROM events;

INSERT INTO alerts (alertid, actionid, eventid, clock, sendto, subject, message)
SELECT eventid, (SELECT min(actionid) FROM actions), eventid, clock, 'somebody' || eventid % 50, name, repeat('m', 80)
FROM events;

INSERT INTO acknowledges (acknowledgeid, userid, eventid, clock, message)
SELECT eventid, 1, eventid, clock + 60, 'seen' FROM events WHERE eventid % 3 = 0;

INSERT INTO auditlog (auditid, userid, username, clock, ip, action, resourcetype, resourceid, resourcename, recordsetid)
SELECT 'audit' || n, 1, 'Admin', 1700000000 + n, '10.0.0.' || n % 200, n % 4, n % 30, n, 'thing ' || n, 'set' || n / 3
FROM generate_series(1, 30000) n;

INSERT INTO sessions (sessionid, userid, lastaccess, status)
SELECT md5(n::text), 1 + n % 2, 1700000000 + n, n % 2 FROM generate_series(1, 20000) n;

-- Rows that die in their tables, as its housekeeper and its pollers leave them.
DELETE FROM alerts WHERE alertid % 3 = 0;
UPDATE sessions SET lastaccess = lastaccess + 1;
