//! The services under test that we ship.

pub mod election;

/// A service under test: it turns each request into a response.
pub trait Service: 'static {
    /// Answers `request`. Whatever went wrong is an answer too.
    fn respond(
        self: std::rc::Rc<Self>,
        request: hyper::Request<hyper::body::Incoming>,
    ) -> impl Future<Output = hyper::Response<http_body_util::Full<bytes::Bytes>>>;
}
