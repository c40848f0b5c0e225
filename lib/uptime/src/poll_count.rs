//! Method `poll_count` (spec section 5).
