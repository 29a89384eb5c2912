use portico_core::{
    network::Network,
    ports::{BucketKey, Ports},
    throttle::{Limit, Spent},
    time::{Lifetime, UnixSeconds},
};

use crate::{
    Outcome,
    check::{NOW, works},
};

const LIMIT: Limit = Limit { attempts: 3, window: Lifetime::from_seconds(60) };

fn bucket(account: &str) -> BucketKey {
    BucketKey::sign_in(account, &Network::of_address("203.0.113.7"))
}

async fn spend(ports: &impl Ports, account: &str, second: i64) -> Result<Spent, String> {
    works(ports.spend(&bucket(account), LIMIT, UnixSeconds::new(NOW.get() + second)).await)
}

fn refused(seconds: u64) -> Spent {
    Spent::Refused { retry_after: Lifetime::from_seconds(seconds) }
}

/* TH-01, TH-14 */
pub(crate) async fn a_bucket_grants_its_limit_and_no_more(ports: &impl Ports) -> Outcome {
    for second in [0, 0, 30] {
        hold_eq!(spend(ports, "ann", second).await?, Spent::Granted);
    }
    hold_eq!(spend(ports, "ann", 31).await?, refused(29));
    hold_eq!(spend(ports, "ann", 59).await?, refused(1));
    hold_eq!(spend(ports, "ann", 60).await?, Spent::Granted);
    hold_eq!(spend(ports, "ann", 60).await?, Spent::Granted);
    hold_eq!(spend(ports, "ann", 60).await?, refused(30));
    Ok(())
}

/* TH-13 */
pub(crate) async fn buckets_do_not_share_and_a_reset_empties_one(ports: &impl Ports) -> Outcome {
    for _ in 0..3 {
        hold_eq!(spend(ports, "ann", 0).await?, Spent::Granted);
        hold_eq!(spend(ports, "bob", 0).await?, Spent::Granted);
    }
    works(ports.reset(&bucket("ann")).await)?;
    hold_eq!(spend(ports, "ann", 1).await?, Spent::Granted);
    hold_eq!(spend(ports, "bob", 1).await?, refused(59));
    Ok(())
}
