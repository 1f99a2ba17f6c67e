//! Deleting: what is gone already counts as deleted.

use provider_cluster::{Id, ObjectKind};
use provider_hcloud::Error;

use crate::execute::Run;
use crate::failure::Failure;
use crate::step::Turn;

pub(super) async fn delete(
    run: &Run<'_>,
    kind: ObjectKind,
    name: &str,
    id: Id,
    line: &str,
    turn: Turn<'_>,
) -> Result<(), Failure> {
    let client = run.world.client;
    let done = match kind {
        ObjectKind::Machine => machine(run, id, turn).await,
        ObjectKind::Firewall => client.delete_firewall(id).await,
        ObjectKind::Network => client.delete_network(id).await,
        ObjectKind::Group => client.delete_placement_group(id).await,
        ObjectKind::Key => client.delete_ssh_key(id).await,
    };
    match done {
        Err(error) if !error.is_not_found() => Err(Failure::from_error(line, name, None, &error)),
        _ => Ok(()),
    }
}

async fn machine(run: &Run<'_>, id: Id, turn: Turn<'_>) -> Result<(), Error> {
    let client = run.world.client;
    if run.lock_ids().protected.contains(&id) {
        let action = client.protect_server(id, false).await?;
        run.wait(&[action]).await?;
    }
    let action = client.delete_server(id).await?;
    drop(turn);
    run.all_have_asked().await;
    match run.wait(action.as_slice()).await {
        // The Action of something deleted may be gone with it.
        Err(error) if error.is_not_found() => Ok(()),
        waited => waited,
    }
}

/// Waits until a machine that somebody else deletes is gone.
pub(super) async fn await_gone(run: &Run<'_>, name: &str, id: Id, line: &str) -> Result<(), Failure> {
    let mut pause = run.world.client.timing().poll_interval;
    loop {
        match run.world.client.server(id).await {
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(Failure::from_error(line, name, None, &error)),
            Ok(_) if run.time_left().is_zero() => {
                return Err(Failure::plain(line, name, "it is still there", "apply again later"));
            }
            Ok(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(run.world.client.timing().poll_interval_max);
    }
}
