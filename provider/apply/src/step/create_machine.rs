//! Making a machine: candidate after candidate until one can be had.

use provider_cluster::{
    Architecture, Candidate, Id, ImageReference, KeyReference, LABEL_CLUSTER, MachineSpec,
};
use provider_hcloud::{Action, CreatedServer, Error, IdOrName, Kind, NewServer};
use tracing::info;

use crate::event::Event;
use crate::execute::Run;
use crate::failure::Failure;
use crate::step::Turn;

pub(super) async fn create(
    run: &Run<'_>,
    spec: &MachineSpec,
    line: &str,
    turn: Turn<'_>,
) -> Result<(), Failure> {
    let failed = |error: &Error| Failure::from_error(line, &spec.name, Some(spec.role.as_str()), error);
    let mut last = None;
    let mut turn = Some(turn);
    for candidate in in_order(run, spec) {
        let new = new_server(run, spec, &candidate, line)?;
        let mine = match turn.take() {
            Some(turn) => turn,
            None => run.turn(false).await,
        };
        let outcome = match run.world.client.create_server(&new).await {
            Ok(created) => {
                drop(mine);
                run.all_have_asked().await;
                finish(run, spec, created).await
            }
            Err(error) if error.is_taken() => return taken(run, spec, line, &error).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(id) => return protect(run, spec, id).await.map_err(|error| failed(&error)),
            Err(error) if error.is_out_of_stock() => {
                info!(
                    machine = spec.name,
                    server_type = candidate.server_type,
                    location = candidate.location,
                    "sold out"
                );
                run.lock_stock().note(&candidate);
                let place = format!("{} in {}", candidate.server_type, candidate.location);
                (run.world.events)(Event::SoldOut { machine: spec.name.clone(), candidate: place });
                last = Some(error);
            }
            Err(error) => return Err(failed(&error)),
        }
    }
    Err(last.map_or_else(
        || {
            Failure::plain(
                line,
                &spec.name,
                "there is no type and location to try",
                "name types that are sold there",
            )
        },
        |error| failed(&error),
    ))
}

/// The candidates; those that were sold out for another machine a moment ago come last, in case stock came back.
fn in_order(run: &Run<'_>, spec: &MachineSpec) -> Vec<Candidate> {
    let mut candidates = spec.candidates.clone();
    let stock = run.lock_stock();
    candidates.sort_by_key(|candidate| stock.is_sold_out(candidate));
    candidates
}

fn new_server(
    run: &Run<'_>,
    spec: &MachineSpec,
    candidate: &Candidate,
    line: &str,
) -> Result<NewServer, Failure> {
    let missing = |what: &str, name: &str| {
        Failure::plain(
            line,
            &spec.name,
            format!("{what} {name} is not there"),
            "apply again: it is made anew",
        )
    };
    let ids = run.lock_ids();
    let find = |map: &std::collections::BTreeMap<String, Id>, what: &str, name: &String| {
        map.get(name).copied().ok_or_else(|| missing(what, name))
    };
    let arm = run
        .world
        .catalogue
        .types
        .get(&candidate.server_type)
        .is_some_and(|t| t.architecture == Architecture::Arm);
    let looked_up = ids.images.as_ref().and_then(|images| if arm { images.arm } else { images.x86 });
    let image = match (looked_up, &spec.image) {
        (Some(id), _) => IdOrName::Id(id),
        (None, ImageReference::Id(id)) => IdOrName::Id(*id),
        (None, reference) => {
            let architecture = if arm { "Arm" } else { "x86" };
            let text = match reference {
                ImageReference::Name(name) => name.clone(),
                ImageReference::Selector(selector) => format!("with labels {selector}"),
                ImageReference::Id(id) => id.to_string(),
            };
            let message = format!("there is no {architecture} image {text} for {}", candidate.server_type);
            let help = "choose an image of that architecture, or other server types";
            return Err(Failure::plain(line, &spec.name, message, help).at("image"));
        }
    };
    let mut new = NewServer::new(spec.name.clone(), IdOrName::Name(candidate.server_type.clone()), image);
    new.location = Some(candidate.location.clone());
    new.labels = spec.labels.clone();
    new.ssh_keys = ids.keys.iter().filter(|key| run.is_wanted(key)).map(|key| IdOrName::Id(key.id)).collect();
    new.firewalls =
        spec.firewalls.iter().map(|name| find(&ids.firewalls, "firewall", name)).collect::<Result<_, _>>()?;
    new.networks =
        spec.network.iter().map(|name| find(&ids.networks, "network", name)).collect::<Result<_, _>>()?;
    new.placement_group = match &spec.group {
        Some(name) => Some(find(&ids.groups, "placement group", name)?),
        None => None,
    };
    new.user_data = (run.world.user_data)(&spec.name, spec.role);
    Ok(new)
}

impl Run<'_> {
    fn is_wanted(&self, key: &provider_cluster::Key) -> bool {
        self.world.keys.iter().any(|reference| match reference {
            KeyReference::Name(name) => key.name == *name,
            KeyReference::Id(id) => key.id == *id,
            KeyReference::Public { fingerprint, .. } => key.fingerprint == *fingerprint,
        })
    }
}

/// Waits until it runs. A create whose Action fails leaves nothing behind: such a machine never came up.
async fn finish(run: &Run<'_>, spec: &MachineSpec, created: CreatedServer) -> Result<Id, Error> {
    let id = created.server.id;
    match one_after_the_other(run, &created.actions).await {
        Ok(()) => Ok(id),
        Err(error) => {
            if matches!(error.kind(), Kind::Action { .. }) {
                match run.world.client.delete_server(id).await {
                    Ok(action) => run.wait(action.as_slice()).await?,
                    Err(gone) if gone.is_not_found() => {}
                    Err(stuck) => return Err(stuck),
                }
            } else {
                info!(machine = spec.name, %error, "was made, and is not up");
            }
            Err(error)
        }
    }
}

/// The Actions of a create end in their order, so only one of them is asked about at a time.
async fn one_after_the_other(run: &Run<'_>, actions: &[Action]) -> Result<(), Error> {
    for action in actions {
        run.wait(std::slice::from_ref(action)).await?;
    }
    Ok(())
}

async fn protect(run: &Run<'_>, spec: &MachineSpec, id: Id) -> Result<(), Error> {
    if spec.protected {
        let action = run.world.client.protect_server(id, true).await?;
        run.wait(&[action]).await?;
    }
    Ok(())
}

/// The name is taken: by an earlier try of ours, which then counts, or by a stranger.
async fn taken(run: &Run<'_>, spec: &MachineSpec, line: &str, error: &Error) -> Result<(), Failure> {
    let failed = |error: &Error| Failure::from_error(line, &spec.name, Some(spec.role.as_str()), error);
    let found = run.world.client.find_server(&spec.name).await.map_err(|error| failed(&error))?;
    let known = |id| run.world.known.machines.iter().any(|machine| machine.id == id);
    let ours = found.filter(|server| {
        server.labels.get(LABEL_CLUSTER).is_some_and(|name| name == run.cluster) || known(server.id)
    });
    let Some(server) = ours else { return Err(failed(error)) };
    let actions = run.world.client.server_actions(server.id).await.map_err(|error| failed(&error))?;
    run.wait(&actions).await.map_err(|error| failed(&error))
}
