#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/http/answer.hpp"
#include "core/base/bytes.hpp"
#include "core/consensus/checked.hpp"

namespace cairn::routes {

/// One entry of a batch.
struct BatchEntry {
    Bytes bytes;           // as it came, until it is checked
    TransferPtr transfer;  // null: not checked, or refused before it was
    std::string error;     // as JSON; empty: not refused
};

/// What is told of a refused entry: `status`, `detail`, and where they help `field` and `rule`. Not
/// what each would say alone: thousands of them stand in one answer.
[[nodiscard]] std::string entry_error(const http::Problem& problem);

/// `{"results":[…],"accepted":n}`, written while it is sent; of a batch of `total` entries that
/// ended early also how many were not looked at, and why.
[[nodiscard]] std::unique_ptr<http::Stream> batch_answer(std::vector<BatchEntry> entries,
                                                         std::size_t total);

}  // namespace cairn::routes
