//! One request over and over with reqwest, as rlt's own example writes it.

use anyhow::Result;
use async_trait::async_trait;
use clap::Parser;
use reqwest::{Client, Url};
use rlt::{BenchSuite, IterInfo, IterReport, bench_cli, bench_cli_run};
use tokio::time::Instant;

bench_cli!(Ask, {
    /// Where to.
    #[clap(long)]
    pub url: Url,
});

#[async_trait]
impl BenchSuite for Ask {
    type WorkerState = Client;

    async fn state(&self, _: u32) -> Result<Client> {
        Ok(Client::new())
    }

    async fn bench(&mut self, client: &mut Client, _: &IterInfo) -> Result<IterReport> {
        let begun = Instant::now();
        let answer = client.get(self.url.clone()).send().await?;
        let status = answer.status().into();
        let bytes = answer.bytes().await?.len() as u64;
        Ok(IterReport {
            duration: begun.elapsed(),
            status,
            bytes,
            items: 1,
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    bench_cli_run!(Ask).await
}
