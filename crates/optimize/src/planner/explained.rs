//! What the planner answered.

use serde::Deserialize;

/// A plan in few figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explained {
    /// What it costs, in the planner's own unit.
    pub cost: f64,
    /// The names of the indexes that it uses.
    pub indexes: Vec<String>,
    /// The tables that it reads from end to end.
    pub scanned: Vec<String>,
}

#[derive(Deserialize)]
struct Outer {
    #[serde(rename = "Plan")]
    plan: PlanNode,
}

#[derive(Deserialize)]
struct PlanNode {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Total Cost")]
    cost: f64,
    #[serde(rename = "Relation Name")]
    relation: Option<String>,
    #[serde(rename = "Index Name")]
    index: Option<String>,
    #[serde(rename = "Plans", default)]
    below: Vec<PlanNode>,
}

impl Explained {
    /// Reads the answer of `EXPLAIN (FORMAT JSON)`; `None` when it is none.
    pub fn parse(text: &str) -> Option<Explained> {
        let outer: Vec<Outer> = serde_json::from_str(text).ok()?;
        let plan = &outer.first()?.plan;
        let mut explained = Explained {
            cost: plan.cost,
            ..Explained::default()
        };
        explained.take(plan);
        Some(explained)
    }

    fn take(&mut self, node: &PlanNode) {
        if let Some(index) = &node.index {
            self.indexes.push(index.clone());
        }
        if let Some(relation) = node.relation.as_ref().filter(|_| node.kind == "Seq Scan") {
            self.scanned.push(relation.clone());
        }
        for below in &node.below {
            self.take(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_to_their_leaves() {
        let text = r#"[{"Plan": {"Node Type": "Limit", "Total Cost": 12.5, "Plans": [
            {"Node Type": "Nested Loop", "Total Cost": 99, "Plans": [
                {"Node Type": "Seq Scan", "Total Cost": 9, "Relation Name": "messages", "Alias": "m"},
                {"Node Type": "Index Scan", "Total Cost": 1, "Relation Name": "users", "Index Name": "users_pkey"}]}]}}]"#;
        let wanted = Explained {
            cost: 12.5,
            indexes: vec!["users_pkey".to_owned()],
            scanned: vec!["messages".to_owned()],
        };
        assert_eq!(Explained::parse(text), Some(wanted));
        for text in ["", "[]", "{}", "[{\"Plan\": {}}]"] {
            assert_eq!(Explained::parse(text), None, "{text}");
        }
    }
}
