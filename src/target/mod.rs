//! The services under test that we ship.

pub mod election;

/// The request is to be answered by closing its connection.
pub struct DropConnection;

/// What a target's server asks of the service behind it.
pub trait Service: 'static {
    /// The answer to one request.
    fn respond(
        self: std::rc::Rc<Self>,
        request: hyper::Request<hyper::body::Incoming>,
    ) -> impl Future<Output = Result<hyper::Response<http_body_util::Full<bytes::Bytes>>, DropConnection>>;
}
