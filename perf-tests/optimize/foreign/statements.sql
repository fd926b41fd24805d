-- What its server, its pages and its housekeeper ask, a line each, in an order of rows that is whole.
SELECT i.itemid, i.key_, h.host FROM items i JOIN hosts h ON h.hostid = i.hostid WHERE h.status = 3 AND i.value_type = 0 ORDER BY i.itemid LIMIT 100
SELECT itemid, key_ FROM items WHERE name = 'CPU utilization' ORDER BY itemid
SELECT itemid FROM items WHERE name_upper LIKE 'CPU%' ORDER BY itemid
SELECT itemid, uuid FROM items WHERE uuid = (SELECT max(uuid) FROM items)
SELECT itemid, clock, value FROM history WHERE itemid = (SELECT min(itemid) FROM history) AND clock > 1700003000 ORDER BY clock
SELECT itemid, avg(value) FROM history WHERE clock BETWEEN 1700001000 AND 1700001100 GROUP BY itemid ORDER BY itemid
SELECT itemid, max(value) FROM history_uint WHERE clock >= 1700011900 GROUP BY itemid ORDER BY itemid
SELECT itemid, clock, value_avg FROM trends WHERE clock = 1700003600 ORDER BY itemid
SELECT e.eventid, e.clock, e.name, a.subject FROM events e JOIN alerts a ON a.eventid = e.eventid WHERE e.clock > 1700029900 ORDER BY e.eventid
SELECT eventid, name FROM events WHERE severity = 5 AND clock > 1700029000 ORDER BY clock DESC, eventid DESC LIMIT 20
SELECT alertid, sendto FROM alerts WHERE sendto = 'somebody7' ORDER BY alertid LIMIT 20
SELECT p.eventid, p.name FROM problem p WHERE p.r_eventid IS NULL AND p.severity = 5 ORDER BY p.eventid DESC LIMIT 20
SELECT p.eventid, t.description FROM problem p, triggers t WHERE p.objectid = t.triggerid AND p.clock > 1700029000 ORDER BY p.eventid
SELECT eventid, tag FROM event_tag WHERE tag = 'scope' AND value = 'capacity' ORDER BY eventid LIMIT 20
SELECT acknowledgeid, message FROM acknowledges WHERE eventid = 300 ORDER BY acknowledgeid
SELECT auditid, clock FROM auditlog WHERE recordsetid = 'set77' ORDER BY clock, auditid
SELECT auditid, resourcename FROM auditlog WHERE ip = '10.0.0.7' AND action = 3 ORDER BY clock, auditid
SELECT count(*) FROM sessions WHERE lastaccess < 1700000500
SELECT userid, status, lastaccess FROM sessions WHERE sessionid = md5('77')
SELECT h.host, count(t.triggerid) FROM hosts h JOIN items i ON i.hostid = h.hostid JOIN functions f ON f.itemid = i.itemid JOIN triggers t ON t.triggerid = f.triggerid GROUP BY h.host ORDER BY h.host LIMIT 20
SELECT valuemap_mappingid, newvalue FROM valuemap_mapping WHERE value = '42' ORDER BY valuemap_mappingid LIMIT 20
SELECT g.name FROM graphs g WHERE g.uuid = (SELECT min(uuid) FROM graphs) ORDER BY g.name
WITH last AS (SELECT itemid, max(clock) AS clock FROM history GROUP BY itemid) SELECT h.itemid, h.value FROM history h JOIN last USING (itemid, clock) ORDER BY h.itemid LIMIT 20
UPDATE alerts SET status = 1 WHERE subject = 'Load is high on host 44' AND status = 0
UPDATE sessions SET status = 1 WHERE lastaccess < 1700000010
DELETE FROM auditlog WHERE clock < 1700000005
-- What a hostile schema is asked.
SELECT "Id", "Group By" FROM "Mixed Case"."Some ""quoted"" Table" WHERE "Group By" = 77 ORDER BY "Id"
SELECT "when" FROM "select"."window" WHERE "where" = 77 AND "values" > 0 ORDER BY "when", "where"
SELECT id FROM a23456789012345678901234567890123456789012345678901234567890123 WHERE b23456789012345678901234567890123456789012345678901234567890123 = 77 ORDER BY id
SELECT id FROM a23456789012345678901234567890123456789012345678901234567890123 WHERE b2345678901234567890123456789012345678901234567890123456789012_ = 77 ORDER BY id
SELECT id FROM taken WHERE wanted = 77 ORDER BY id
SELECT count(*), min(id) FROM parted WHERE customer = 77
SELECT count(*), min(id) FROM parted_2 WHERE customer = 77
SELECT count(*), min(id) FROM parent WHERE label = 'label 77'
SELECT count(*), min(id) FROM child WHERE extra = 77
SELECT id FROM oddities WHERE mood = 'glad' AND doubled = 154 ORDER BY id
SELECT id FROM oddities WHERE address = 'someone77@example.org' ORDER BY id
SELECT id FROM oddities WHERE words LIKE '%word77 %' ORDER BY id
SELECT id FROM oddities WHERE lower(words) = 'word77 of many' ORDER BY id
SELECT id FROM oddities WHERE marks @> ARRAY[77] ORDER BY id
SELECT id FROM oddities WHERE collated = 'Straße 77' ORDER BY id
SELECT n, total FROM summary WHERE total = 77 ORDER BY n
SELECT id FROM unlogged WHERE a = 77 ORDER BY id
SELECT id FROM strangers WHERE a = 77 ORDER BY id
SELECT id FROM seen WHERE mood = 'glad' AND doubled = 154 ORDER BY id
SELECT count(*) FROM deferred WHERE position = 77
SELECT count(*) FROM "Bloated" WHERE "Id" = 70
