use portico_core::{
    password::{Cost, Password, Peppers, Verification, create, verify},
    ports::Ports,
};

use crate::{Outcome, check::works};

/* PW-01 */
pub(crate) async fn every_cost_gives_the_hash_of_the_reference_implementation(ports: &impl Ports) -> Outcome {
    // printf 'correct horse' | argon2 saltsaltsaltsalt -id -t T -k M -p P -l 32 -r
    for (memory_kib, iterations, lanes, expected) in [
        (64, 3, 1, "0d376d24b6a93d8723813607399c54577a8999963799e343f0ac52068c4280ac"),
        (1_033, 1, 3, "b249ef30e0d8f50d9b29da5934ff1bd8c42c05ffae6d80522945567e51cc365d"),
        (19_456, 2, 1, "01dc1e04bc1c7e59cd5f61d55bc8b532dbbb7ebae7e0a8bb87fad8486b94ec8b"),
        (65_536, 3, 4, "2de65b0f75002af51c002c7d8a5e173ed5ed1620d7dff49c444e1e4233983723"),
    ] {
        let cost = Cost { memory_kib, iterations, lanes };
        let hash = works(ports.argon2id(b"correct horse", b"saltsaltsaltsalt", cost).await)?;
        let hex: String = hash.expose_secret().iter().map(|byte| format!("{byte:02x}")).collect();
        hold_eq!(hex, expected);
    }
    Ok(())
}

/* PW-01, PW-04 */
pub(crate) async fn a_password_matches_its_hash_and_no_other(ports: &impl Ports) -> Outcome {
    let (right, wrong) = (works(Password::new("correct horse"))?, works(Password::new("correct horsf"))?);
    let peppers = Peppers::default();
    let hash = works(create(&right, &peppers, ports).await)?;
    let outcome = works(verify(&right, Some(&hash), &peppers, ports).await)?;
    hold_eq!(outcome, Verification::Match { needs_rehash: false });
    hold_eq!(works(verify(&wrong, Some(&hash), &peppers, ports).await)?, Verification::Mismatch);
    hold_eq!(works(verify(&right, None, &peppers, ports).await)?, Verification::NoUsableHash);
    Ok(())
}
