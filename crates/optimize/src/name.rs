//! Names as SQL writes them.

/// A name in quotes where it needs some: all but lower-case words that mean nothing else.
pub(crate) fn quoted(name: &str) -> String {
    let mut letters = name.chars();
    let is_plain = letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && letters
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        && !RESERVED.split(' ').any(|word| word == name);
    if is_plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A name with its schema.
pub(crate) fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quoted(schema), quoted(name))
}

/// A name with its schema, as people write it: without the schema that is everywhere, and in quotes only where it could
/// be taken for another one.
pub(crate) fn shown(schema: &str, name: &str) -> String {
    let part = |name: &str| {
        if name.contains(['.', '"']) {
            quoted(name)
        } else {
            name.to_owned()
        }
    };
    if schema == "public" {
        part(name)
    } else {
        format!("{}.{}", part(schema), part(name))
    }
}

/// The statement that drops an index without holding up anybody; `index` as SQL names it.
pub(crate) fn dropping(index: &str) -> String {
    format!("DROP INDEX CONCURRENTLY IF EXISTS {index}")
}

/// A text as SQL writes it.
pub(crate) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// The keywords that can't name everything as they are: all but the unreserved ones of versions 13 to 18
/// (`pg_get_keywords`), and a few that other programs stumble over.
const RESERVED: &str = "\
     all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case \
     cast char character check coalesce collate collation column concurrently constraint create cross current_catalog \
     current_date current_role current_schema current_time current_timestamp current_user dec decimal default \
     deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant \
     greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join \
     json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize \
     json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national \
     natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay \
     placing position precision primary real references returning right row select session_user setof similar \
     smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true \
     union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat \
     xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_need_it() {
        let table = [
            ("messages", "messages"),
            ("_a1", "_a1"),
            ("user", "\"user\""),
            ("User", "\"User\""),
            ("when", "\"when\""),
            ("window", "\"window\""),
            ("values", "\"values\""),
            ("1st", "\"1st\""),
            ("a b", "\"a b\""),
            ("x\"; DROP TABLE y; --", "\"x\"\"; DROP TABLE y; --\""),
            ("", "\"\""),
        ];
        for (name, wanted) in table {
            assert_eq!(quoted(name), wanted);
        }
        assert_eq!(qualified("public", "Order"), "public.\"Order\"");
    }

    #[test]
    fn names_that_differ_are_shown_differently() {
        let table = [
            ("public", "agents", "agents"),
            ("public", "Agents", "Agents"),
            ("tenant", "agents", "tenant.agents"),
            ("public", "tenant.agents", "\"tenant.agents\""),
            ("a.b", "c", "\"a.b\".c"),
            ("a", "b.c", "a.\"b.c\""),
        ];
        for (schema, name, wanted) in table {
            assert_eq!(shown(schema, name), wanted);
        }
    }

    #[test]
    fn texts_end_where_they_should() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'"), "E'a\\\\'''");
    }
}
