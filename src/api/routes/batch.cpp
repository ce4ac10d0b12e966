#include "api/routes/batch.hpp"

#include <algorithm>
#include <vector>

#include "api/change.hpp"
#include "api/new_transfer.hpp"
#include "api/parse.hpp"
#include "api/routes/batch_answer.hpp"
#include "json/elements.hpp"
#include "node/node.hpp"

namespace cairn::routes {
namespace {

/// One request: read, then checked, then handed in, a slice at a time, so that others come between.
class Batch : public std::enable_shared_from_this<Batch> {
public:
    Batch(Services& services, http::Request request, ChangePtr change)
        : services_{services}, request_{std::move(request)}, change_{std::move(change)} {}

    static void start(const std::shared_ptr<Batch>& batch) {
        const bool posted = batch->services_.slow.post(
            SlowWork::check, "", [batch](const SlowLane::Hold& /*none*/) { batch->read(); });
        if (!posted) batch->change_->answer(busy_problem());
    }

private:
    void go_on(void (Batch::*step)()) {
        services_.slow.resume(SlowWork::check, [self = shared_from_this(), step] {
            if (!self->change_->answered()) ((*self).*step)();
        });
    }

    void read() {
        std::size_t bad = 0;
        const auto each = [&](const json::Value& item) {
            if (++total_ > kBatchMax) return false;
            if (bad == kBatchBadMax) return true;  // it only counts
            BatchEntry entry;
            if (auto transfer = read_signed_transfer(item, services_)) {
                entry.bytes = std::move(transfer->bytes);
            } else {
                ++bad;
                entry.error = entry_error(transfer.error());
            }
            entries_.push_back(std::move(entry));
            return true;
        };
        const auto read = json::read_elements(request_.body, "transactions", each);
        std::string{}.swap(request_.body);
        if (!read) return change_->answer(http::problem_of(read.error()));
        if (*read == json::Elements::none)
            return change_->answer(
                field_problem("transactions", "an array of signed transfers", "none"));
        if (*read == json::Elements::stopped)
            return change_->answer(field_problem(
                "transactions", "at most " + std::to_string(kBatchMax) + " entries", "more"));
        go_on(&Batch::check);
    }

    void check() {
        const std::size_t end = std::min(entries_.size(), next_ + kBatchSlice);
        for (; next_ < end && bad_ < kBatchBadMax; ++next_) {
            BatchEntry& entry = entries_[next_];
            if (entry.error.empty()) {
                auto checked = check_transfer(std::exchange(entry.bytes, {}), *services_.chain);
                if (checked)
                    entry.transfer = std::move(*checked);
                else
                    entry.error = entry_error(rejection_problem(checked.error()));
            }
            if (!entry.error.empty()) ++bad_;
        }
        if (bad_ == kBatchBadMax) entries_.resize(next_);
        if (next_ < entries_.size()) return go_on(&Batch::check);
        next_ = 0;
        hand_in();
    }

    /// The next slice to the node; all of it is durable before the one after.
    void hand_in() {
        std::vector<std::size_t> slice;
        for (; next_ < entries_.size() && slice.size() < kBatchSlice; ++next_)
            if (entries_[next_].error.empty()) slice.push_back(next_);
        if (slice.empty()) return answer();
        auto self = shared_from_this();
        using Verdicts = std::vector<Result<Admitted, Rejection>>;
        const bool posted = services_.gate.post(
            Lane::transfers,
            change_command(
                change_,
                [self, slice](Node& node, Now now) {
                    Verdicts verdicts;
                    for (const std::size_t i : slice)
                        verdicts.push_back(node.submit(self->entries_[i].transfer, now));
                    return verdicts;
                },
                [self, slice](std::optional<Verdicts> verdicts,
                              const Result<ViewPtr, StoreError>& outcome) {
                    for (std::size_t i = 0; i < slice.size(); ++i) {
                        BatchEntry& entry = self->entries_[slice[i]];
                        if (!outcome)
                            entry.error = entry_error(store_problem(outcome.error()));
                        else if (!(*verdicts)[i])
                            entry.error = entry_error(rejection_problem((*verdicts)[i].error()));
                    }
                    if (!outcome) return self->break_off(store_problem(outcome.error()));
                    self->go_on(&Batch::hand_in);
                }));
        if (posted) return;
        for (const std::size_t i : slice) entries_[i].error = entry_error(busy_problem());
        break_off(busy_problem());
    }

    /// Nothing more is handed in. If nothing was kept, that is the answer.
    void break_off(const http::Problem& why) {
        for (; next_ < entries_.size(); ++next_)
            if (entries_[next_].error.empty()) entries_[next_].error = entry_error(why);
        const bool any = std::any_of(entries_.begin(), entries_.end(),
                                     [](const BatchEntry& entry) { return entry.error.empty(); });
        if (!any) return change_->answer(why);
        go_on(&Batch::answer);
    }

    void answer() { change_->answer(batch_answer(std::move(entries_), total_)); }

    Services& services_;
    http::Request request_;
    const ChangePtr change_;
    std::vector<BatchEntry> entries_;
    std::size_t total_ = 0;  // as they came
    std::size_t next_ = 0;
    std::size_t bad_ = 0;
};

}  // namespace

void transaction_batch(Services& services, http::Request request, std::stop_token stop,
                       http::Responder responder) {
    auto change = std::make_shared<Change>(
        std::move(responder), std::move(stop),
        "GET /transactions/ID for each of them (the same batch once more does no harm)",
        services.stopping);
    Batch::start(std::make_shared<Batch>(services, std::move(request), std::move(change)));
}

}  // namespace cairn::routes
