//! Lays a profile over the one that it extends.

use crate::diagnostic::{Diagnostic, InvalidValue};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::text::reader::as_text;
use crate::profile::text::suggest::advice;
use crate::profile::text::tree::{Entry, Node, Table, Value};

/// `over` laid over `base`: tables key by key, endpoints and requirements by name, all else replaced.
///
/// What is new comes behind what was there.
pub(in crate::profile) fn lay_over(mut base: Table, over: Table) -> Table {
    drop_other_kind(&mut base, &over);
    for entry in over.entries {
        let below = base.entries.iter_mut().find(|known| known.key == entry.key);
        match below {
            Some(below) => lay_entry_over(below, entry),
            None => base.entries.push(entry),
        }
    }
    base.place = over.place;
    base
}

fn lay_entry_over(below: &mut Entry, entry: Entry) {
    let key = entry.key;
    below.place = entry.place;
    match (&mut below.node.value, entry.node.value) {
        (Value::Table(base), Value::Table(over)) if key != "json" => {
            let empty = Table {
                entries: Vec::new(),
                place: base.place.clone(),
            };
            let base_table = std::mem::replace(base, empty);
            *base = lay_over(base_table, over);
            below.node.place = entry.node.place;
        }
        (Value::List(base), Value::List(over))
            if matches!(
                key.as_str(),
                "endpoint" | "journey" | "step" | "requirement"
            ) =>
        {
            lay_list_over(base, over);
        }
        (_, value) => {
            below.node = Node {
                value,
                place: entry.node.place,
            };
        }
    }
}

fn lay_list_over(base: &mut Vec<Node>, over: Vec<Node>) {
    let inherited = base.len();
    for node in over {
        let name = name(&node).map(str::to_owned);
        let same = base
            .iter()
            .take(inherited)
            .position(|known| name.is_some() && self::name(known) == name.as_deref());
        match same {
            Some(index) => base[index] = node,
            None => base.push(node),
        }
    }
}

fn name(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Table(table) => table.text("name"),
        _ => None,
    }
}

/// A scenario that is given another kind of arrivals doesn't inherit the keys of the old kind.
fn drop_other_kind(base: &mut Table, over: &Table) {
    let Some(kind) = over.text("arrivals").and_then(ArrivalWord::parse) else {
        return;
    };
    base.entries.retain(|entry| !kind.rejects(&entry.key));
}

/// Takes the requirements out of `base` that `table` says it goes without.
pub(in crate::profile) fn without(
    mut base: Table,
    table: &mut Table,
    problems: &mut Vec<Diagnostic>,
) -> Table {
    let Some(node) = table.get("without").cloned() else {
        return base;
    };
    table.remove("without");
    let items = match node.value {
        Value::List(items) => items,
        _ => vec![node],
    };
    for item in items {
        match as_text(&item).map(str::to_owned) {
            Ok(unwanted) => {
                if let Err(complaint) = take_out(&mut base, &unwanted) {
                    problems.push(complaint.at(item.place));
                }
            }
            Err(complaint) => problems.push(complaint.at(item.place)),
        }
    }
    base
}

fn take_out(base: &mut Table, unwanted: &str) -> Result<(), InvalidValue> {
    let mut known = Vec::new();
    if let Some(Value::List(requirements)) = base.get_mut("requirement").map(|node| &mut node.value)
    {
        let before = requirements.len();
        known.extend(requirements.iter().filter_map(name).map(str::to_owned));
        requirements.retain(|requirement| name(requirement) != Some(unwanted));
        if requirements.len() < before {
            return Ok(());
        }
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let complaint = InvalidValue::new(format!(
        "the profile that this one extends has no requirement `{unwanted}`"
    ));
    Err(complaint.help(advice(unwanted, &known)))
}
