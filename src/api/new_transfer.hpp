#pragma once

#include <optional>
#include <string>

#include "api/http/problem.hpp"
#include "api/parse.hpp"
#include "api/services.hpp"
#include "json/value.hpp"

namespace cairn {

/// What a client asks for in `/transactions/new`: a transfer signed already, by its bytes, or one
/// that the node is to sign.
struct SignedTransfer {
    Bytes bytes;
};
struct UnsignedTransfer {
    NamedAddress sender;
    Transfer transfer;                   // without nonce and signature
    std::optional<std::uint64_t> nonce;  // if the client chose
    SecretKey key;                       // of the sender
};
using NewTransfer = std::variant<SignedTransfer, UnsignedTransfer>;

/// Reads a request's object. `caller` may be null: then only signed transfers are read, and a 401
/// says so. Errors: 400 with the field, 401, 403 for a sender that is not the caller's to sign for.
[[nodiscard]] Result<NewTransfer, http::Problem> read_new_transfer(const json::Value& value,
                                                                   const Services& services,
                                                                   const Caller* caller);
/// A signed transfer only: `raw`, or all members. For batches.
[[nodiscard]] Result<SignedTransfer, http::Problem> read_signed_transfer(const json::Value& value,
                                                                         const Services& services);

}  // namespace cairn
