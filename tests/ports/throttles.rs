use futures_util::future::join_all;
use portico_core::{
    network::Network,
    ports::{BucketKey, Ports, SignInAttempt},
    throttle::{Limit, Metered, Spent},
    time::{Lifetime, UnixSeconds},
};

use crate::{
    Outcome,
    check::{NOW, works},
};

const LIMIT: Limit = Limit { attempts: 3, window: Lifetime::from_seconds(60) };

fn network(number: u8) -> Network {
    Network::of_address(&format!("203.0.113.{number}"))
}

fn at(second: i64) -> UnixSeconds {
    UnixSeconds::new(NOW.get() + second)
}

async fn spend(ports: &impl Ports, from: u8, subject: Option<u64>, second: i64) -> Result<Spent, String> {
    let bucket = BucketKey::sign_up(&network(from));
    works(ports.spend(&bucket, LIMIT, subject, &network(from), at(second)).await)
}

async fn sign_in(ports: &impl Ports, account: &str, from: u8, second: i64) -> Result<Spent, String> {
    works(ports.spend_sign_in(&SignInAttempt::of(account, &network(from)), at(second)).await)
}

fn refused(seconds: u64) -> Spent {
    Spent::Refused { retry_after: Lifetime::from_seconds(seconds) }
}

/* TH-01, TH-14 */
pub(crate) async fn a_bucket_grants_its_limit_and_no_more(ports: &impl Ports) -> Outcome {
    for second in [0, 0, 30] {
        hold_eq!(spend(ports, 7, None, second).await?, Spent::Granted);
    }
    hold_eq!(spend(ports, 7, None, 31).await?, refused(29));
    hold_eq!(spend(ports, 7, None, 59).await?, refused(1));
    hold_eq!(spend(ports, 8, None, 59).await?, Spent::Granted);
    hold_eq!(spend(ports, 7, None, 60).await?, Spent::Granted);
    hold_eq!(spend(ports, 7, None, 60).await?, Spent::Granted);
    hold_eq!(spend(ports, 7, None, 60).await?, refused(30));
    works(ports.give_back(&BucketKey::sign_up(&network(7))).await)?;
    hold_eq!(spend(ports, 7, None, 60).await?, Spent::Granted);
    Ok(())
}

/* TH-11 */
pub(crate) async fn repeating_a_subject_is_free(ports: &impl Ports) -> Outcome {
    for subject in [1, 1, 2, 3, 2, 1] {
        hold_eq!(spend(ports, 7, Some(subject), 0).await?, Spent::Granted);
    }
    hold_eq!(spend(ports, 7, Some(4), 1).await?, refused(59));
    hold_eq!(spend(ports, 7, Some(3), 1).await?, Spent::Granted);
    Ok(())
}

/* TH-01, TH-02: at the same time, from one network. */
pub(crate) async fn two_hundred_attempts_at_once_spend_fifteen(ports: &impl Ports) -> Outcome {
    let all = join_all((0..200).map(|_| sign_in(ports, "ann@example.com", 7, 0))).await;
    let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    hold_eq!(all.iter().filter(|spent| **spent == Spent::Granted).count(), 15);
    hold_eq!(sign_in(ports, "ann@example.com", 8, 0).await?, Spent::Granted);
    Ok(())
}

/* TH-13 */
pub(crate) async fn success_forgets_one_account_from_one_network(ports: &impl Ports) -> Outcome {
    for _ in 0..15 {
        hold_eq!(sign_in(ports, "ann@example.com", 7, 0).await?, Spent::Granted);
        hold_eq!(sign_in(ports, "bob@example.com", 7, 0).await?, Spent::Granted);
        hold_eq!(sign_in(ports, "ann@example.com", 8, 0).await?, Spent::Granted);
    }
    let ann = SignInAttempt::of("Ann@Example.com", &network(7));
    works(ports.settle_sign_in(&ann, at(0)).await)?;
    hold_eq!(sign_in(ports, "ann@example.com", 7, 1).await?, Spent::Granted);
    hold_eq!(sign_in(ports, "bob@example.com", 7, 1).await?, refused(179));
    hold_eq!(sign_in(ports, "ann@example.com", 8, 1).await?, refused(179));
    Ok(())
}

/* TH-02, TH-08 */
pub(crate) async fn a_closed_account_stays_open_where_its_owner_was(ports: &impl Ports) -> Outcome {
    let home = SignInAttempt::of("ann@example.com", &network(1));
    hold_eq!(sign_in(ports, "ann@example.com", 1, 0).await?, Spent::Granted);
    works(ports.settle_sign_in(&home, at(0)).await)?;
    // Strangers fail a hundred and one times, fifteen from each network.
    for failure in 0..101 {
        hold_eq!(sign_in(ports, "ann@example.com", 10 + failure / 15, 1).await?, Spent::Granted);
    }
    hold_eq!(sign_in(ports, "ann@example.com", 99, 2).await?, refused(59));
    hold_eq!(sign_in(ports, "ann@example.com", 1, 2).await?, Spent::Granted);
    hold_eq!(sign_in(ports, "bob@example.com", 99, 2).await?, Spent::Granted);
    Ok(())
}

/* TH-02 */
pub(crate) async fn a_network_has_a_hundred_failures_for_all_accounts(ports: &impl Ports) -> Outcome {
    for number in 0..100 {
        hold_eq!(sign_in(ports, &format!("user{number}@example.com"), 7, 0).await?, Spent::Granted);
    }
    hold_eq!(sign_in(ports, "ann@example.com", 7, 1).await?, refused(899));
    // What the network was refused, the account does not count.
    for _ in 0..15 {
        hold_eq!(sign_in(ports, "ann@example.com", 7, 1).await?, refused(899));
    }
    hold_eq!(sign_in(ports, "ann@example.com", 7, 900).await?, Spent::Granted);
    // A success gives the network its attempt back.
    let ann = SignInAttempt::of("ann@example.com", &network(7));
    for _ in 0..120 {
        works(ports.settle_sign_in(&ann, at(901)).await)?;
        hold_eq!(sign_in(ports, "ann@example.com", 7, 901).await?, Spent::Granted);
    }
    Ok(())
}

pub(crate) async fn what_is_left_is_told(ports: &impl Ports) -> Outcome {
    let bucket = BucketKey::named("test", "203.0.113.7");
    for (second, left) in [(0, 2), (10, 1), (20, 0)] {
        let metered = works(ports.meter(&bucket, LIMIT, &network(7), at(second)).await)?;
        hold_eq!(metered, Metered { spent: Spent::Granted, left, resets_at: at(60) });
    }
    let metered = works(ports.meter(&bucket, LIMIT, &network(7), at(30)).await)?;
    hold_eq!(metered, Metered { spent: refused(30), left: 0, resets_at: at(60) });
    let metered = works(ports.meter(&bucket, LIMIT, &network(7), at(60)).await)?;
    hold_eq!(metered, Metered { spent: Spent::Granted, left: 0, resets_at: at(70) });
    Ok(())
}
