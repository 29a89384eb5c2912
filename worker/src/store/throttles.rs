use portico_core::{
    ports::{BucketKey, PortError, Throttles},
    throttle::{Limit, Spent},
    time::UnixSeconds,
};

use super::{Store, THROTTLES, fault};
use crate::durable::{call, throttle_bucket::Request};

impl Throttles for Store {
    async fn spend(&self, bucket: &BucketKey, limit: Limit, now: UnixSeconds) -> Result<Spent, PortError> {
        call(&self.env, THROTTLES, bucket.as_str(), &Request::Spend { limit, now })
            .await
            .map_err(fault("throttles"))
    }

    async fn reset(&self, bucket: &BucketKey) -> Result<(), PortError> {
        call(&self.env, THROTTLES, bucket.as_str(), &Request::Reset).await.map_err(fault("throttles"))
    }
}
