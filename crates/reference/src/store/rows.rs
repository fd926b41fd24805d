use serde_json::{Value, json};

/// A row, whichever database it is from.
pub(super) trait RowColumns {
    type Error;
    fn text(&self, column: &str) -> Result<String, Self::Error>;
    fn number(&self, column: &str) -> Result<f64, Self::Error>;
    fn whole(&self, column: &str) -> Result<i64, Self::Error>;
    fn flag(&self, column: &str) -> Result<bool, Self::Error>;
}

impl RowColumns for rusqlite::Row<'_> {
    type Error = rusqlite::Error;

    fn text(&self, column: &str) -> rusqlite::Result<String> {
        self.get(column)
    }

    fn number(&self, column: &str) -> rusqlite::Result<f64> {
        self.get(column)
    }

    fn whole(&self, column: &str) -> rusqlite::Result<i64> {
        self.get(column)
    }

    fn flag(&self, column: &str) -> rusqlite::Result<bool> {
        self.get(column)
    }
}

#[cfg(feature = "servers")]
impl RowColumns for tokio_postgres::Row {
    type Error = tokio_postgres::Error;

    fn text(&self, column: &str) -> Result<String, tokio_postgres::Error> {
        self.try_get(column)
    }

    fn number(&self, column: &str) -> Result<f64, tokio_postgres::Error> {
        self.try_get(column)
    }

    fn whole(&self, column: &str) -> Result<i64, tokio_postgres::Error> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> Result<bool, tokio_postgres::Error> {
        self.try_get(column)
    }
}

pub(super) fn agent<C: RowColumns>(row: &C) -> Result<Value, C::Error> {
    Ok(json!({
        "id": row.text("id")?,
        "name": row.text("name")?,
        "description": row.text("description")?,
        "type": row.text("type")?,
        "status": row.text("status")?,
        "success_rate": row.number("success_rate")?,
        "total_executions": row.whole("total_executions")?,
        "avg_response_time": row.number("avg_response_time")?,
        "created_at": row.text("created_at")?,
        "organization_id": row.text("organization_id")?,
    }))
}

pub(super) fn workflow<C: RowColumns>(row: &C) -> Result<Value, C::Error> {
    Ok(json!({
        "id": row.text("id")?,
        "name": row.text("name")?,
        "description": row.text("description")?,
        "status": row.text("status")?,
        "steps": row.whole("steps")?,
        "total_executions": row.whole("total_executions")?,
        "success_rate": row.number("success_rate")?,
        "created_at": row.text("created_at")?,
        "organization_id": row.text("organization_id")?,
    }))
}

/// Without the organization, which the token names.
pub(super) fn profile<C: RowColumns>(row: &C) -> Result<Value, C::Error> {
    Ok(json!({
        "id": row.text("id")?,
        "email": row.text("email")?,
        "full_name": row.text("full_name")?,
        "role": row.text("role")?,
        "is_active": row.flag("is_active")?,
        "created_at": row.text("created_at")?,
    }))
}
