//! Which tables a query names, and whose a column is.

use sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableFactor, TableWithJoins,
};

use crate::facts::TableFacts;

/// A column of a table in a query: the table's place in the scope, and the column's name.
pub(super) type Own = (usize, String);

/// The tables of one query.
pub(super) struct QueryScope<'a> {
    known: &'a [TableFacts],
    /// Names of the statement's common table expressions, which hide tables.
    hidden: &'a [String],
    /// What they are called here; what is not a table of the database has none.
    pub(super) named: Vec<(String, Option<&'a TableFacts>)>,
    /// Conditions of joins.
    pub(super) conditions: Vec<Expr>,
    /// Columns that two sides share by `USING`.
    pub(super) shared: Vec<String>,
}

impl<'a> QueryScope<'a> {
    pub(super) fn new(known: &'a [TableFacts], hidden: &'a [String]) -> QueryScope<'a> {
        QueryScope {
            known,
            hidden,
            named: Vec::new(),
            conditions: Vec::new(),
            shared: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, table: &TableWithJoins) {
        self.factor(&table.relation);
        for join in &table.joins {
            self.join(join);
        }
    }

    fn join(&mut self, join: &Join) {
        self.factor(&join.relation);
        let (JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)) = &join.join_operator
        else {
            return;
        };
        match on {
            JoinConstraint::On(condition) => self.conditions.push(condition.clone()),
            JoinConstraint::Using(names) | JoinConstraint::UsingAlias(names, _) => {
                self.shared.extend(names.iter().filter_map(last));
            }
            JoinConstraint::Natural | JoinConstraint::None => {}
        }
    }

    fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let table = self.table(name);
                let own = alias.as_ref().map(|alias| folded(&alias.name));
                let name = own.or_else(|| last(name)).unwrap_or_default();
                self.named.push((name, table));
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.add(table_with_joins),
            TableFactor::Derived { alias, .. } | TableFactor::Table { alias, .. } => {
                let name = alias.as_ref().map(|alias| folded(&alias.name));
                self.named.push((name.unwrap_or_default(), None));
            }
            _ => self.named.push((String::new(), None)),
        }
    }

    fn table(&self, name: &ObjectName) -> Option<&'a TableFacts> {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|part| part.as_ident().map(folded))
            .collect();
        let (schema, name) = match parts.as_slice() {
            [name] if self.hidden.contains(name) => return None,
            [name] => (None, name),
            [.., schema, name] => (Some(schema), name),
            [] => return None,
        };
        let mut same = self.known.iter().filter(|table| {
            table.name == *name && schema.is_none_or(|schema| table.schema == *schema)
        });
        let first = same.next()?;
        // Of several in different schemas it is not known here which one is meant, unless it is the usual one.
        match same.next() {
            None => Some(first),
            Some(_) => self
                .known
                .iter()
                .find(|table| table.name == *name && table.schema == "public"),
        }
    }

    /// Whose column an expression is; `None` when it is none of these tables', or could be several tables'.
    pub(super) fn column(&self, expression: &Expr) -> Option<Own> {
        match expression {
            Expr::Nested(inner) => self.column(inner),
            Expr::Identifier(name) => {
                let name = folded(name);
                let mut holders = self.named.iter().enumerate().filter(|(_, (_, table))| {
                    table.is_some_and(|table| table.column(&name).is_some())
                });
                let (place, _) = holders.next()?;
                holders.next().is_none().then_some((place, name))
            }
            Expr::CompoundIdentifier(parts) => {
                let [.., of, name] = parts.as_slice() else {
                    return None;
                };
                let (of, name) = (folded(of), folded(name));
                let place = self.named.iter().position(|(own, _)| *own == of)?;
                self.named[place].1?.column(&name)?;
                Some((place, name))
            }
            _ => None,
        }
    }
}

/// A name as the server takes it: in lower case unless it is quoted.
pub(super) fn folded(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    }
}

fn last(name: &ObjectName) -> Option<String> {
    name.0.last()?.as_ident().map(folded)
}
