//! From a statement's text to the columns that it uses.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, FromTable, InTarget, OrderByExpr, OrderByKind, OrderBySort, Query,
    Select, SetExpr, Statement, TableWithJoins, UpdateTableFromKind, Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use thiserror::Error;

use super::scope::{QueryScope, folded};
use crate::facts::TableFacts;

/// What is longer is a list of values, and would take the parser deep.
const LONGEST: usize = 50_000;

/// A statement that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it cannot be parsed: {0}")]
pub struct Unread(String);

/// How one query uses one table. Every list is in the order of the text and has each column once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Use {
    /// The table's object id.
    pub table: u32,
    /// Columns that are to equal a value.
    pub equal: Vec<String>,
    /// Columns that are to lie below, above or between values.
    pub range: Vec<String>,
    /// Columns that are to equal those of another table.
    pub join: Vec<String>,
    /// What the answer is ordered by, when only this table's columns are: the column, and whether it descends.
    pub order: Vec<(String, bool)>,
}

/// All uses in a statement, subqueries and common table expressions included.
///
/// # Errors
/// When the text is not a statement that the parser knows.
pub fn uses(text: &str, tables: &[TableFacts]) -> Result<Vec<Use>, Unread> {
    if text.len() > LONGEST {
        return Err(Unread(format!("it has {} bytes", text.len())));
    }
    let parsed = Parser::parse_sql(&PostgreSqlDialect {}, text);
    let statements = parsed.map_err(|error| Unread(error.to_string()))?;
    if statements.len() != 1 {
        return Err(Unread("it is not one statement".to_owned()));
    }
    let mut hidden = CteNames::default();
    let _ = statements.visit(&mut hidden);
    let mut all = Uses {
        tables,
        hidden: hidden.0,
        found: Vec::new(),
    };
    for statement in &statements {
        all.changes(statement);
        let _ = statement.visit(&mut all);
    }
    Ok(all.found)
}

/// The names of common table expressions.
#[derive(Default)]
struct CteNames(Vec<String>);

impl Visitor for CteNames {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(with.map(|table| folded(&table.alias.name)));
        ControlFlow::Continue(())
    }
}

struct Uses<'a> {
    tables: &'a [TableFacts],
    hidden: Vec<String>,
    found: Vec<Use>,
}

impl Visitor for Uses<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let order = query.order_by.as_ref().map(|order| &order.kind);
        let order = match order {
            Some(OrderByKind::Expressions(order)) => order.as_slice(),
            _ => &[],
        };
        self.body(&query.body, order);
        ControlFlow::Continue(())
    }
}

impl Uses<'_> {
    fn body(&mut self, body: &SetExpr, order: &[OrderByExpr]) {
        match body {
            SetExpr::Select(select) => self.select(select, order),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, &[]);
                self.body(right, &[]);
            }
            // Queries within are visited by themselves.
            _ => {}
        }
    }

    fn select(&mut self, select: &Select, order: &[OrderByExpr]) {
        let from: Vec<&TableWithJoins> = select.from.iter().collect();
        self.query(&from, select.selection.as_ref(), order);
    }

    /// What a statement that changes rows looks for.
    fn changes(&mut self, statement: &Statement) {
        match statement {
            Statement::Update(update) => {
                let more = match &update.from {
                    Some(
                        UpdateTableFromKind::BeforeSet(more) | UpdateTableFromKind::AfterSet(more),
                    ) => more.as_slice(),
                    None => &[],
                };
                let from: Vec<&TableWithJoins> =
                    std::iter::once(&update.table).chain(more).collect();
                self.query(&from, update.selection.as_ref(), &[]);
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let from = from.iter().chain(delete.using.iter().flatten());
                let from: Vec<&TableWithJoins> = from.collect();
                self.query(&from, delete.selection.as_ref(), &[]);
            }
            _ => {}
        }
    }

    fn query(&mut self, from: &[&TableWithJoins], condition: Option<&Expr>, order: &[OrderByExpr]) {
        let mut scope = QueryScope::new(self.tables, &self.hidden);
        for table in from {
            scope.add(table);
        }
        let uses = scope.named.iter().map(|(_, table)| Use {
            table: table.map_or(0, |table| table.oid),
            ..Use::default()
        });
        let mut reading = QueryReader {
            uses: uses.collect(),
            scope: &scope,
        };
        for condition in scope.conditions.iter().chain(condition) {
            reading.condition(condition);
        }
        reading.shared();
        reading.order(order);
        let wanted = |one: &Use| {
            one.table != 0
                && *one
                    != Use {
                        table: one.table,
                        ..Use::default()
                    }
        };
        self.found.extend(reading.uses.into_iter().filter(wanted));
    }
}

/// One query while it is read.
struct QueryReader<'a, 'b> {
    scope: &'a QueryScope<'b>,
    /// One for each table of the scope.
    uses: Vec<Use>,
}

impl QueryReader<'_, '_> {
    fn condition(&mut self, condition: &Expr) {
        match condition {
            Expr::Nested(inner) => self.condition(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.condition(left);
                self.condition(right);
            }
            Expr::BinaryOp { left, op, right } => self.comparison(left, op, right),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } if self.scope.column(right).is_none() => self.equal(left),
            Expr::In {
                expr,
                target: InTarget::List(_) | InTarget::Subquery(_),
                negated: false,
                ..
            } => self.equal(expr),
            Expr::Between {
                expr,
                negated: false,
                ..
            } => self.range(expr),
            _ => {}
        }
    }

    fn comparison(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) {
        let (a, b) = (self.scope.column(left), self.scope.column(right));
        match (op, a, b) {
            (BinaryOperator::Eq, Some(a), Some(b)) if a.0 != b.0 => {
                for (place, column) in [a, b] {
                    keep(&mut self.uses[place].join, column);
                }
            }
            (BinaryOperator::Eq, Some((place, column)), None)
            | (BinaryOperator::Eq, None, Some((place, column))) => {
                keep(&mut self.uses[place].equal, column);
            }
            (
                BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq,
                Some((place, column)),
                None,
            )
            | (
                BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq,
                None,
                Some((place, column)),
            ) => keep(&mut self.uses[place].range, column),
            _ => {}
        }
    }

    fn equal(&mut self, expression: &Expr) {
        if let Some((place, column)) = self.scope.column(expression) {
            keep(&mut self.uses[place].equal, column);
        }
    }

    fn range(&mut self, expression: &Expr) {
        if let Some((place, column)) = self.scope.column(expression) {
            keep(&mut self.uses[place].range, column);
        }
    }

    /// Columns of `USING` belong to every table that has them.
    fn shared(&mut self) {
        for column in &self.scope.shared {
            for (place, (_, table)) in self.scope.named.iter().enumerate() {
                if table.is_some_and(|table| table.column(column).is_some()) {
                    keep(&mut self.uses[place].join, column.clone());
                }
            }
        }
    }

    /// An order that an index can give: columns of one table, with its empty values where an index has them.
    fn order(&mut self, order: &[OrderByExpr]) {
        let mut columns = Vec::new();
        for one in order {
            let descends = match &one.options.sort {
                None | Some(OrderBySort::Asc) => false,
                Some(OrderBySort::Desc) => true,
                // Whichever way the operator of `USING` goes, it need not be that of an index.
                Some(OrderBySort::Using(_)) => return,
            };
            let usual = one
                .options
                .nulls_first
                .is_none_or(|first| first == descends);
            match self.scope.column(&one.expr) {
                Some(column) if usual => columns.push((column, descends)),
                _ => return,
            }
        }
        let Some(((place, _), _)) = columns.first() else {
            return;
        };
        let place = *place;
        if columns.iter().all(|((of, _), _)| *of == place) {
            let columns = columns.into_iter();
            self.uses[place].order = columns.map(|((_, name), down)| (name, down)).collect();
        }
    }
}

fn keep(list: &mut Vec<String>, column: String) {
    if !list.contains(&column) {
        list.push(column);
    }
}
