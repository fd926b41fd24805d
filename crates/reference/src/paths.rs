//! The path that a request counts under: one with an identifier counts as its route.

use super::websocket;

/// The routes whose paths hold identifiers.
const ROUTES: [&str; 6] = [
    "/api/v1/onboarding/training-status/{agent_id}",
    "/api/v1/onboarding/{agent_id}",
    "/api/v1/orchestration/workflows/{workflow_id}",
    "/api/v1/orchestration/workflows/{workflow_id}/execute",
    "/api/v1/orchestration/executions/{execution_id}",
    "/api/v1/conversations/{conversation_id}",
];
/// What follows `/api/v1/onboarding/` and is not an identifier.
const STEPS: [&str; 4] = ["start", "upload-documents", "configure", "train"];

/// The path that statistics and faults call a request by.
pub(super) fn counted(path: &str) -> &str {
    let path = websocket::endpoint_of(path);
    let last = path.rsplit('/').next().unwrap_or_default();
    if STEPS.contains(&last) && path.matches('/').count() == 4 {
        return path;
    }
    let route = ROUTES.into_iter().find(|route| matches(route, path));
    route.unwrap_or(path)
}

fn matches(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) => {
                let is_open = part.starts_with('{') && !given.is_empty();
                if !is_open && part != given {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_do_not_count() {
        let table = [
            ("/health", "/health"),
            ("/api/v1/ws/ann", "/api/v1/ws"),
            ("/api/v1/onboarding/start", "/api/v1/onboarding/start"),
            ("/api/v1/onboarding/a-7", "/api/v1/onboarding/{agent_id}"),
            (
                "/api/v1/onboarding/training-status/a-7",
                "/api/v1/onboarding/training-status/{agent_id}",
            ),
            (
                "/api/v1/orchestration/workflows/w-1/execute",
                "/api/v1/orchestration/workflows/{workflow_id}/execute",
            ),
            (
                "/api/v1/orchestration/workflows",
                "/api/v1/orchestration/workflows",
            ),
            (
                "/api/v1/orchestration/workflows/",
                "/api/v1/orchestration/workflows/",
            ),
        ];
        for (path, expected) in table {
            assert_eq!(counted(path), expected, "{path}");
        }
    }
}
