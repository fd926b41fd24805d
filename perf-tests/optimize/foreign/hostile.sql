-- What else a database may hold: names that need quotes, names that are as long as can be, names that are taken, and
-- every kind of table and index there is.

CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE EXTENSION citext;

CREATE SCHEMA "Mixed Case";
CREATE TABLE "Mixed Case"."Some ""quoted"" Table" ("Id" bigint PRIMARY KEY, "Group By" int, "it's" text);
INSERT INTO "Mixed Case"."Some ""quoted"" Table" SELECT n, n % 5000, repeat('x', 60) FROM generate_series(1, 20000) n;
CREATE INDEX "Double ""A""" ON "Mixed Case"."Some ""quoted"" Table" ("it's");
CREATE INDEX "Double; DROP TABLE hosts; --" ON "Mixed Case"."Some ""quoted"" Table" ("it's");
COMMENT ON INDEX "Mixed Case"."Double; DROP TABLE hosts; --" IS E'it''s \\ a "double"\n; DROP TABLE hosts;';

CREATE SCHEMA "select";
CREATE TABLE "select"."window" ("where" int, "when" int, "values" int, "table" text,
  "user" bigint REFERENCES "Mixed Case"."Some ""quoted"" Table" ON DELETE SET NULL);
INSERT INTO "select"."window" SELECT n % 5000, n, n, repeat('x', 60), 1 + n % 20000 FROM generate_series(1, 20000) n;

CREATE TABLE a23456789012345678901234567890123456789012345678901234567890123 (id bigint PRIMARY KEY,
  b23456789012345678901234567890123456789012345678901234567890123 int,
  b2345678901234567890123456789012345678901234567890123456789012_ int, filled text);
INSERT INTO a23456789012345678901234567890123456789012345678901234567890123
SELECT n, n % 5000, n % 4000, repeat('x', 60) FROM generate_series(1, 20000) n;

CREATE TABLE taken (id bigint PRIMARY KEY, wanted int, filled text);
INSERT INTO taken SELECT n, n % 5000, repeat('x', 60) FROM generate_series(1, 20000) n;
CREATE VIEW taken_wanted_perf_idx AS SELECT 1 AS one;
CREATE SEQUENCE taken_wanted_perf_idx2;
CREATE TABLE taken_wanted_id_perf_idx ();
CREATE TYPE taken_wanted_id_perf_idx2 AS (one int);

CREATE TABLE parted (id bigint, at date, customer int, filled text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX parted_at ON parted (at);
INSERT INTO parted SELECT n, date '2024-01-01' + n % 700, n % 5000, repeat('x', 60) FROM generate_series(1, 40000) n;
CREATE TABLE of_parted (id bigint PRIMARY KEY, parted_id bigint, at date, filled text,
  FOREIGN KEY (parted_id, at) REFERENCES parted ON DELETE CASCADE);
INSERT INTO of_parted SELECT id, id, at, repeat('x', 60) FROM parted WHERE id <= 20000;

CREATE TABLE parent (id bigint PRIMARY KEY, label text, filled text);
CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO parent SELECT n, 'label ' || n % 5000, repeat('x', 60) FROM generate_series(1, 20000) n;
INSERT INTO child SELECT n, 'label ' || n % 5000, repeat('x', 60), n % 5000 FROM generate_series(20001, 40000) n;

CREATE TYPE mood AS ENUM ('sad', 'so-so', 'glad');
CREATE DOMAIN address AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE oddities (id bigint PRIMARY KEY, mood mood, address address, words text, marks int[], during int4range,
  doc jsonb, place point, name citext, collated text COLLATE "C", a int, b int, doubled int GENERATED ALWAYS AS (a * 2) STORED,
  EXCLUDE USING gist (during WITH &&), EXCLUDE USING btree (b WITH =));
INSERT INTO oddities SELECT n, (ARRAY['sad', 'so-so', 'glad']::mood[])[1 + n % 3], 'someone' || n || '@example.org',
  'word' || n || ' of many', ARRAY[n, n + 1], int4range(n, n + 1), jsonb_build_object('n', n), point(n, n), 'Name' || n,
  'Straße ' || n, n % 5000, n FROM generate_series(1, 20000) n;
CREATE INDEX oddities_trigrams ON oddities USING gin (words gin_trgm_ops);
CREATE INDEX oddities_trigrams_of_another_width ON oddities USING gist (words gist_trgm_ops (siglen = 32));
CREATE INDEX oddities_trigrams_of_one_more ON oddities USING gist (words gist_trgm_ops (siglen = 64));
CREATE INDEX oddities_lower ON oddities (lower(words));
CREATE INDEX oddities_lower_with_statistics ON oddities (upper(words));
ALTER INDEX oddities_lower_with_statistics ALTER COLUMN 1 SET STATISTICS 500;
CREATE INDEX oddities_partial ON oddities (a) WHERE mood = 'glad' AND a > 10;
CREATE INDEX oddities_brin ON oddities USING brin (id) WITH (pages_per_range = 8);
CREATE INDEX oddities_brin_wide ON oddities USING brin (id) WITH (pages_per_range = 64);
CREATE INDEX oddities_hash ON oddities USING hash (address);
CREATE INDEX oddities_gin ON oddities USING gin (doc jsonb_path_ops);
CREATE INDEX oddities_spatial ON oddities USING spgist (place);
CREATE INDEX oddities_pattern ON oddities (words text_pattern_ops);
CREATE INDEX oddities_collated ON oddities (words COLLATE "C");
CREATE INDEX oddities_nulls ON oddities (a DESC NULLS LAST) INCLUDE (b) WITH (fillfactor = 70);
CREATE INDEX oddities_nulls_again ON oddities (a DESC NULLS LAST) INCLUDE (b) WITH (fillfactor = 80);
CREATE INDEX oddities_extended ON oddities (name);
ALTER INDEX oddities_extended DEPENDS ON EXTENSION citext;

-- Uniqueness that has to stay: a plain index that is clustered on is no reason to drop the one that keeps rows apart,
-- nor is one that looks later, nor one that lets several rows without a value in.
CREATE TABLE kept (id bigint, a int NOT NULL, b int, c int NOT NULL, filled text);
INSERT INTO kept SELECT n, n, n, n, repeat('x', 60) FROM generate_series(1, 40000) n;
CREATE INDEX kept_clustered ON kept (id);
CLUSTER kept USING kept_clustered;
CREATE UNIQUE INDEX kept_apart ON kept (id);
ALTER TABLE kept ADD CONSTRAINT kept_later UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;
CREATE UNIQUE INDEX kept_at_once ON kept (a);
CREATE UNIQUE INDEX kept_many ON kept (b);
CREATE UNIQUE INDEX kept_one ON kept (b) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX kept_replicated ON kept (c);
ALTER TABLE kept REPLICA IDENTITY USING INDEX kept_replicated;

-- All that foreign keys have to find their rows by, in whatever order.
CREATE TABLE keyed (id bigint PRIMARY KEY, taken_id bigint, one bigint, two bigint, filled text);
CREATE TABLE pairs (one bigint, two bigint, PRIMARY KEY (one, two));
INSERT INTO pairs SELECT n, n + 1 FROM generate_series(1, 40000) n;
INSERT INTO keyed SELECT n, 1 + n % 20000, n, n + 1, repeat('x', 60) FROM generate_series(1, 40000) n;
ALTER TABLE keyed ADD FOREIGN KEY (taken_id) REFERENCES taken;
ALTER TABLE keyed ADD FOREIGN KEY (one, two) REFERENCES pairs ON DELETE CASCADE;
CREATE INDEX keyed_last ON keyed (taken_id) INCLUDE (filled);
CREATE INDEX keyed_pair ON keyed (two, one);

CREATE TABLE deferred (id bigint PRIMARY KEY DEFERRABLE, position int, filled text, UNIQUE (position, id) DEFERRABLE);
INSERT INTO deferred SELECT n, n % 5000, repeat('x', 60) FROM generate_series(1, 20000) n;
CREATE INDEX deferred_double ON deferred (position, id);

CREATE MATERIALIZED VIEW summary AS SELECT n, n % 5000 AS total, repeat('x', 60) AS filled FROM generate_series(1, 20000) n;
CREATE UNIQUE INDEX summary_n ON summary (n);
CREATE VIEW seen AS SELECT * FROM oddities;
CREATE UNLOGGED TABLE unlogged AS SELECT n AS id, n % 5000 AS a, repeat('x', 60) AS filled FROM generate_series(1, 20000) n;

CREATE ROLE stranger;
CREATE TABLE strangers AS SELECT n AS id, n % 5000 AS a, repeat('x', 60) AS filled FROM generate_series(1, 20000) n;
CREATE INDEX strangers_double_1 ON strangers (id);
CREATE INDEX strangers_double_2 ON strangers (id);
ALTER TABLE strangers OWNER TO stranger;

-- Indexes that lie elsewhere, and have to go back there.
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE "Other Space" LOCATION '';
CREATE INDEX kept_elsewhere ON pairs (two) TABLESPACE "Other Space" WHERE one > 5;
CREATE INDEX doubled_elsewhere ON pairs (two) TABLESPACE "Other Space" WHERE one > 5;
CREATE INDEX wholly_elsewhere ON pairs (two, one) TABLESPACE "Other Space";
CREATE INDEX doubled_wholly_elsewhere ON pairs (two, one) TABLESPACE "Other Space";

-- An index that is empty for the most part.
CREATE UNLOGGED TABLE "Bloated" AS SELECT n AS "Id" FROM generate_series(1, 700000) n;
CREATE INDEX "Bloated ""Id""" ON "Bloated" ("Id");
DELETE FROM "Bloated" WHERE "Id" % 10 <> 0;

-- An extension's own table, and functions that stand where the catalog's are looked for by those who do not take care.
CREATE TABLE extensions_own AS SELECT n AS id, n % 5000 AS a, repeat('x', 60) AS filled FROM generate_series(1, 20000) n;
ALTER EXTENSION citext ADD TABLE extensions_own;
CREATE TABLE pg_class (oid int, relname text);
CREATE TABLE pg_index (indexrelid int, indisvalid bool, indisready bool);
CREATE FUNCTION pg_relation_size(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
CREATE FUNCTION json_agg(record) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
ALTER DATABASE postgres SET search_path = public, pg_catalog;

-- Everything is swept and looked at but one table, and then one has rows that die.
VACUUM ANALYZE;
SELECT pg_stat_statements_reset();
UPDATE sessions SET lastaccess = lastaccess + 1;
UPDATE sessions SET lastaccess = lastaccess - 1;
CREATE TABLE never_looked_at AS SELECT n FROM generate_series(1, 5000) n;
