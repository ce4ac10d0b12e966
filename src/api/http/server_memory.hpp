#pragma once

#include <memory>

#include "core/base/memory_budget.hpp"

namespace cairn::http {

/// What a server may hold: of connections and what they bring, and of answers not yet sent. Of each
/// a quarter is kept for clients that have shown a token.
class ServerMemory {
public:
    /// Null: unbounded.
    ServerMemory(std::shared_ptr<MemoryBudget> requests, std::shared_ptr<MemoryBudget> answers)
        : requests_{std::move(requests)},
          answers_{std::move(answers)},
          strangers_requests_{most_of(requests_)},
          strangers_answers_{most_of(answers_)} {}

    [[nodiscard]] const std::shared_ptr<MemoryBudget>& requests(bool known = false) const {
        return known ? requests_ : strangers_requests_;
    }
    [[nodiscard]] const std::shared_ptr<MemoryBudget>& answers(bool known = false) const {
        return known ? answers_ : strangers_answers_;
    }
    /// Little is left for strangers of one of them.
    [[nodiscard]] bool is_short() const {
        return is_short(strangers_requests_) || is_short(strangers_answers_);
    }

private:
    static std::shared_ptr<MemoryBudget> most_of(const std::shared_ptr<MemoryBudget>& whole) {
        return whole ? whole->part(whole->limit() / 4 * 3) : nullptr;
    }
    static bool is_short(const std::shared_ptr<MemoryBudget>& of) {
        return of && of->used() > of->limit() / 8 * 7;
    }

    std::shared_ptr<MemoryBudget> requests_, answers_;
    std::shared_ptr<MemoryBudget> strangers_requests_, strangers_answers_;
};

}  // namespace cairn::http
