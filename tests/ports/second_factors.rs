use futures_util::future::join_all;
use portico_core::{
    ports::{FactorReplaced, Ports, Replaced, ResetTicket, StoredFactor},
    totp::{BackupCodeKey, BackupCodes},
    user::FactorState,
};

use crate::{
    Outcome,
    check::{NOW, event, existing_user, works},
};

async fn factor(ports: &impl Ports, secret: &str) -> Result<StoredFactor, String> {
    let ann = existing_user(ports, "codes@example.com").await?;
    let root = portico_core::secret::RootSecret::parse("a root secret of thirty-two bytes");
    let key = BackupCodeKey::derived(&root.map_err(|error| error.to_string())?);
    let (_, backup_codes) = works(BackupCodes::generate(ann.id, &key, ports))?;
    works(ports.delete_user(ann.id, event(ports)?).await)?;
    Ok(StoredFactor { secret: Some(secret.to_string()), backup_codes, reset: None })
}

pub(crate) async fn a_factor_is_replaced_only_while_it_is_the_one_that_was_read(
    ports: &impl Ports,
) -> Outcome {
    existing_user(ports, "root@example.com").await?;
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let (one, two) = (factor(ports, "one").await?, factor(ports, "two").await?);
    let gone = StoredFactor {
        secret: None,
        backup_codes: BackupCodes::default(),
        reset: Some(ResetTicket { hash: "digest".to_string(), expires_at: NOW }),
    };
    let replace = |old: Option<StoredFactor>, new: Option<StoredFactor>| async move {
        match works(ports.replace_second_factor(ann, old.as_ref(), new, event(ports)?).await)? {
            FactorReplaced::No => Ok(Replaced::No),
            FactorReplaced::Yes { credential_version } => {
                let stored = works(ports.load_credential(ann).await)?.map(|found| found.version);
                if stored != Some(credential_version) {
                    return Err(format!("{stored:?} is not {credential_version}"));
                }
                Ok(Replaced::Yes)
            }
        }
    };
    let stored = || async { works(ports.find_second_factor(ann).await) };
    let known = || async {
        works(ports.load_credential(ann).await)?
            .map(|found| (found.user.factor, found.version))
            .ok_or_else(|| "there is no account".to_string())
    };
    hold_eq!(replace(None, None).await?, Replaced::No);
    hold_eq!(replace(Some(one.clone()), Some(two.clone())).await?, Replaced::No);
    hold_eq!(replace(Some(one.clone()), None).await?, Replaced::No);
    hold_eq!(stored().await?, None);
    hold_eq!(known().await?, (FactorState::Absent, 1));
    hold_eq!(replace(None, Some(one.clone())).await?, Replaced::Yes);
    hold_eq!(known().await?, (FactorState::InForce, 2));
    hold_eq!(replace(None, Some(two.clone())).await?, Replaced::No);
    hold_eq!(replace(Some(two.clone()), Some(two.clone())).await?, Replaced::No);
    let used = StoredFactor { backup_codes: two.backup_codes.clone(), ..one.clone() };
    hold_eq!(replace(Some(used.clone()), Some(two.clone())).await?, Replaced::No);
    hold_eq!(stored().await?, Some(one.clone()));
    hold_eq!(works(ports.swap_backup_codes(ann, &two.backup_codes, &one.backup_codes).await)?, Replaced::No);
    hold_eq!(works(ports.swap_backup_codes(ann, &one.backup_codes, &two.backup_codes).await)?, Replaced::Yes);
    hold_eq!(replace(Some(one), Some(gone.clone())).await?, Replaced::No);
    hold_eq!(replace(Some(used), Some(gone.clone())).await?, Replaced::Yes);
    hold_eq!(stored().await?, Some(gone.clone()));
    hold_eq!(known().await?, (FactorState::TakenAway, 3));
    let other_ticket = StoredFactor { reset: None, ..gone.clone() };
    hold_eq!(replace(Some(other_ticket), None).await?, Replaced::No);
    hold_eq!(replace(Some(gone), None).await?, Replaced::Yes);
    hold_eq!((stored().await?, known().await?), (None, (FactorState::Absent, 4)));
    Ok(())
}

pub(crate) async fn of_ten_new_factors_at_once_one_is_stored(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let factor = factor(ports, "one").await?;
    let before = works(ports.list_events(all()).await)?.len();
    let tries = join_all((0..10).map(|_| async {
        works(ports.replace_second_factor(ann, None, Some(factor.clone()), event(ports)?).await)
    }))
    .await;
    let tries: Vec<_> = tries.into_iter().collect::<Result<_, _>>()?;
    hold_eq!(tries.iter().filter(|replaced| **replaced != FactorReplaced::No).count(), 1);
    hold_eq!(works(ports.list_events(all()).await)?.len(), before + 1);
    Ok(())
}

fn all() -> portico_core::ports::AuditQuery {
    portico_core::ports::AuditQuery { about: None, before: None, limit: 200 }
}
