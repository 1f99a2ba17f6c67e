//! Changing a machine that stays: one change after the other.

use provider_cluster::{Change, Id, ImageReference, Labels, Role};
use provider_hcloud::{Error, ErrorCode, FirewallTarget, IdOrName, Kind};

use crate::execute::Run;
use crate::failure::Failure;

pub(super) async fn change(
    run: &Run<'_>,
    name: &str,
    id: Id,
    changes: &[Change],
    line: &str,
) -> Result<(), Failure> {
    let role = role_of(run.cluster, name);
    for change in changes {
        one(run, name, id, change)
            .await
            .map_err(|error| Failure::from_error(line, name, role.map(Role::as_str), &error))?;
    }
    Ok(())
}

fn role_of(cluster: &str, name: &str) -> Option<Role> {
    Role::parse(name.strip_prefix(cluster)?.strip_prefix('-')?.split('-').next()?)
}

async fn one(run: &Run<'_>, name: &str, id: Id, change: &Change) -> Result<(), Error> {
    let client = run.world.client;
    match change {
        Change::PowerOn => power_on(run, id).await,
        Change::Rename => client.update_server(id, Some(name), None).await.map(drop),
        Change::Relabel(labels) => client.update_server(id, None, Some(labels)).await.map(drop),
        Change::Guard(firewall) => {
            let firewall = found(run.lock_ids().firewalls.get(firewall).copied(), "firewall", firewall)?;
            match client.apply_firewall(firewall, &[FirewallTarget::Server(id)]).await {
                Ok(actions) => run.wait(&actions).await,
                Err(error) if is(&error, &ErrorCode::FirewallAlreadyApplied) => Ok(()),
                Err(error) => Err(error),
            }
        }
        Change::Attach(network) => {
            let network = found(run.lock_ids().networks.get(network).copied(), "network", network)?;
            let _turn = run.attaching.lock().await;
            match client.attach_server_to_network(id, network, None).await {
                Ok(action) => run.wait(&[action]).await,
                Err(error) if is(&error, &ErrorCode::ServerAlreadyAttached) => Ok(()),
                Err(error) => Err(error),
            }
        }
        Change::Detach(network) => {
            let _turn = run.attaching.lock().await;
            let action = client.detach_server_from_network(id, *network).await?;
            run.wait(&[action]).await
        }
        Change::Protect(protected) => {
            let action = client.protect_server(id, *protected).await?;
            run.wait(&[action]).await
        }
        Change::JoinGroup(group) => {
            let group = found(run.lock_ids().groups.get(group).copied(), "placement group", group)?;
            join(run, id, group).await
        }
        Change::Retype(types) => retype(run, id, types).await,
        Change::Rebuild(image, labels) => rebuild(run, name, id, image, labels).await,
    }
}

fn is(error: &Error, code: &ErrorCode) -> bool {
    error.code() == Some(code)
}

fn found(id: Option<Id>, what: &str, name: &str) -> Result<Id, Error> {
    id.ok_or_else(|| Error::input("change a machine", format!("{what} {name} is not there: apply again")))
}

async fn power_on(run: &Run<'_>, id: Id) -> Result<(), Error> {
    let action = run.world.client.power_on_server(id).await?;
    run.wait(&[action]).await
}

async fn power_off(run: &Run<'_>, id: Id) -> Result<(), Error> {
    let action = run.world.client.power_off_server(id).await?;
    run.wait(&[action]).await
}

/// Off, out of the old group, into the new one, on. Whatever fails in between, it is switched on again.
async fn join(run: &Run<'_>, id: Id, group: Id) -> Result<(), Error> {
    let client = run.world.client;
    power_off(run, id).await?;
    let moved = async {
        if run.lock_ids().grouped.contains(&id) {
            let action = client.remove_server_from_placement_group(id).await?;
            run.wait(&[action]).await?;
        }
        match client.add_server_to_placement_group(id, group).await {
            Ok(action) => run.wait(&[action]).await,
            Err(error) if is(&error, &ErrorCode::AlreadyInPlacementGroup) => Ok(()),
            Err(error) => Err(error),
        }
    }
    .await;
    power_on(run, id).await?;
    moved
}

/// Off, to the first type that can be had, on. Whatever fails in between, it is switched on again.
async fn retype(run: &Run<'_>, id: Id, types: &[String]) -> Result<(), Error> {
    power_off(run, id).await?;
    let mut outcome = Err(Error::input("change a machine's type", "there is no type to try"));
    for server_type in types {
        // Without a larger disk the machine could go back to its smaller type.
        let to = IdOrName::Name(server_type.clone());
        outcome = match run.world.client.change_server_type(id, &to, false).await {
            Ok(action) => run.wait(&[action]).await,
            Err(error) => Err(error),
        };
        match &outcome {
            Err(error) if error.is_out_of_stock() => {}
            _ => break,
        }
    }
    power_on(run, id).await?;
    outcome
}

async fn rebuild(
    run: &Run<'_>,
    name: &str,
    id: Id,
    image: &ImageReference,
    labels: &Labels,
) -> Result<(), Error> {
    let client = run.world.client;
    let server = client.server(id).await?;
    let arm = server.server_type.is_some_and(|t| t.architecture == provider_hcloud::Architecture::Arm);
    let looked_up =
        run.lock_ids().images.as_ref().and_then(|images| if arm { images.arm } else { images.x86 });
    let image = match (looked_up, image) {
        (Some(id), _) => IdOrName::Id(id),
        (None, ImageReference::Id(id)) => IdOrName::Id(*id),
        (None, _) => return Err(Error::input("rebuild a machine", "there is no image of its architecture")),
    };
    // Rebuilding needs the protection off for a moment; the API protects against deletion and rebuilding only together.
    if server.protection.rebuild {
        let action = client.protect_server(id, false).await?;
        run.wait(&[action]).await?;
    }
    let role = role_of(run.cluster, name).unwrap_or(Role::Edge);
    let user_data = (run.world.user_data)(name, role);
    let (action, _password) = client.rebuild_server(id, &image, user_data.as_deref()).await?;
    run.wait(&[action]).await?;
    client.update_server(id, None, Some(labels)).await?;
    if server.protection.rebuild {
        let action = client.protect_server(id, true).await?;
        run.wait(&[action]).await?;
    }
    // A rebuilt server is switched on by the rebuild itself, unless it was off before.
    match client.server(id).await {
        Ok(server) if server.status == provider_hcloud::ServerStatus::Off => power_on(run, id).await,
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), Kind::Api(_)) => Err(error),
        Err(_) => Ok(()),
    }
}
