//! `/api/v1/invitations`: inviting people. Not in the contract: the stock server of the other dialect has a command for
//! it.

use http::StatusCode;
use portico_core::{
    flow::invitations::{self, Invited},
    id::{InvitationId, UserId},
    ports::{Ports, Replaced},
    ticket::Invitation,
    time::UnixSeconds,
};
use serde::Serialize;
use serde_json::json;

use super::{caller::Admin, error::Error, validate::Fields};
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

#[derive(Debug, Serialize)]
struct InvitationView<'a> {
    id: InvitationId,
    email: &'a str,
    created_by: UserId,
    created_at: UnixSeconds,
    expires_at: UnixSeconds,
    /// Only where no mail carries it, and only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
}

impl<'a> InvitationView<'a> {
    fn of(invitation: &'a Invitation, link: Option<&'a str>) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email.as_str(),
            created_by: invitation.created_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            link,
        }
    }
}

/// `GET /api/v1/invitations`: those that nobody has used yet, oldest first.
///
/// # Errors
/// 503.
pub async fn list(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let invitations = invitations::list(&call.ctx).await?;
    let views: Vec<_> = invitations.iter().map(|one| InvitationView::of(one, None)).collect();
    Ok(answer::json(StatusCode::OK, &views))
}

/// `POST /api/v1/invitations`: invites an address.
///
/// # Errors
/// 400, 422 or 503.
pub async fn create(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let Some(email) = fields.string("email") else { return Err(fields.into_error()) };
    let Invited { invitation, link } =
        invitations::invite(&call.ctx, admin.id(), &email, &call.link_base()).await?;
    Ok(answer::json(StatusCode::OK, &InvitationView::of(&invitation, link.as_deref())))
}

/// `DELETE /api/v1/invitations/{id}`: takes one back.
///
/// # Errors
/// 404 or 503.
pub async fn withdraw(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let id = InvitationId::parse(call.param("id")).map_err(|_| Error::missing("Invitation not found"))?;
    match invitations::withdraw(&call.ctx, admin.id(), id).await? {
        Replaced::Yes => Ok(answer::json(StatusCode::OK, &json!({"status": true}))),
        Replaced::No => Err(Error::missing("Invitation not found")),
    }
}
