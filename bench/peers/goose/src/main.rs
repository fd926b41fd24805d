//! One request over and over, as goose's own examples write it; the body is read to its end.

use goose::prelude::*;

#[tokio::main]
async fn main() -> Result<(), GooseError> {
    GooseAttack::initialize()?
        .register_scenario(scenario!("bench").register_transaction(transaction!(ask)))
        .execute()
        .await?;
    Ok(())
}

async fn ask(user: &mut GooseUser) -> TransactionResult {
    let answer = user.get("/").await?;
    if let Ok(response) = answer.response {
        drop(response.bytes().await);
    }
    Ok(())
}
