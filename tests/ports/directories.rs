use portico_core::{ldap::Server, ports::Ports, time::Lifetime};

use crate::{
    Outcome,
    check::{NOW, works},
};

pub(crate) async fn servers_that_failed_are_remembered_for_a_while(ports: &impl Ports) -> Outcome {
    let servers = ["a", "b"].map(|name| Server { host: format!("{name}.example.com"), port: 636 });
    let [a, b] = &servers;
    let order = async |seconds| {
        let health = works(ports.server_health().await)?;
        let order = health.order(&servers, NOW.plus(Lifetime::from_seconds(seconds)));
        Ok::<Vec<_>, String>(order.into_iter().cloned().collect())
    };
    hold_eq!(order(0).await?, servers);
    works(ports.note_server(a, false, NOW).await)?;
    hold_eq!(order(1).await?, [b.clone(), a.clone()]);
    works(ports.note_server(a, true, NOW).await)?;
    hold_eq!(order(2).await?, servers);
    works(ports.note_server(a, false, NOW).await)?;
    hold_eq!(order(60).await?, servers);
    Ok(())
}
