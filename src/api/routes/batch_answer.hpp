#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/http/answer.hpp"
#include "ledger/pool.hpp"

namespace cairn::routes {

/// One entry of a batch: checked already, or why not, as JSON.
struct BatchEntry {
    TransferPtr transfer;  // null: refused
    std::string error;
};

/// What is told of a refused entry: `status`, `detail`, and where they help `field` and `rule`. Not
/// what each would say alone: thousands of them stand in one answer.
[[nodiscard]] std::string entry_error(const http::Problem& problem);

/// `{"results":[…],"accepted":n}`, written while it is sent: the verdicts belong to those entries
/// that were checked, in their order.
[[nodiscard]] std::unique_ptr<http::Stream> batch_answer(
    std::vector<BatchEntry> entries, std::vector<Result<Admitted, Rejection>> verdicts);

}  // namespace cairn::routes
