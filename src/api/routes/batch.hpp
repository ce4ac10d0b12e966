#pragma once

#include "api/route.hpp"

namespace cairn::routes {

/// Bounds of `POST /transactions/batch`: anybody may call it.
inline constexpr std::size_t kBatchMax = 4'096;  // entries
inline constexpr std::size_t kBatchBadMax = 64;  // bad entries; with the last of them it ends
inline constexpr std::size_t kBatchSlice = 64;   // entries that are checked or handed in at once

/// Signed transfers, each kept or refused by itself.
void transaction_batch(Services& services, http::Request request, std::stop_token stop,
                       http::Responder responder);

}  // namespace cairn::routes
