#include "api/routes/batch.hpp"

#include <algorithm>
#include <vector>

#include "api/change.hpp"
#include "api/new_transfer.hpp"
#include "api/parse.hpp"
#include "node/node.hpp"

namespace cairn::routes {
namespace {

/// As many values as the smallest signed transfers make in the largest body, and some to spare.
constexpr json::Limits kBatchLimits{.depth = 32, .values = 131'072};

struct BatchEntry {
    Bytes bytes;           // until it is checked
    TransferPtr transfer;  // checked
    std::optional<http::Problem> refused;
};

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
        const auto value = parse_body(request_, kBatchLimits);
        std::string{}.swap(request_.body);
        if (!value) return change_->answer(value.error());
        const json::Value* list = value->find("transactions");
        if (list == nullptr || list->array() == nullptr)
            return change_->answer(
                field_problem("transactions", "an array of signed transfers",
                              list == nullptr ? "nothing" : json::describe(*list)));
        const auto& items = *list->array();
        if (items.size() > kBatchMax)
            return change_->answer(
                field_problem("transactions", "at most " + std::to_string(kBatchMax) + " of them",
                              std::to_string(items.size())));
        total_ = items.size();
        std::size_t bad = 0;
        for (const auto& item : items) {
            auto transfer = read_signed_transfer(item, services_);
            if (transfer)
                entries_.push_back({std::move(transfer->bytes), nullptr, {}});
            else
                entries_.push_back({{}, nullptr, std::move(transfer.error())});
            if (!transfer && ++bad == kBatchBadMax) break;
        }
        go_on(&Batch::check);
    }

    void check() {
        const std::size_t end = std::min(entries_.size(), next_ + kBatchSlice);
        for (; next_ < end && bad_ < kBatchBadMax; ++next_) {
            BatchEntry& entry = entries_[next_];
            if (!entry.refused) {
                auto checked = check_transfer(std::exchange(entry.bytes, {}), *services_.chain);
                if (checked)
                    entry.transfer = std::move(*checked);
                else
                    entry.refused = rejection_problem(checked.error());
            }
            if (entry.refused) ++bad_;
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
            if (!entries_[next_].refused) slice.push_back(next_);
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
                            entry.refused = store_problem(outcome.error());
                        else if (!(*verdicts)[i])
                            entry.refused = rejection_problem((*verdicts)[i].error());
                    }
                    if (!outcome) return self->break_off(store_problem(outcome.error()));
                    self->go_on(&Batch::hand_in);
                }));
        if (posted) return;
        for (const std::size_t i : slice) entries_[i].refused = busy_problem();
        break_off(busy_problem());
    }

    /// Nothing more is handed in. If nothing was kept, that is the answer.
    void break_off(const http::Problem& why) {
        for (; next_ < entries_.size(); ++next_)
            if (!entries_[next_].refused) entries_[next_].refused = why;
        const bool any = std::any_of(entries_.begin(), entries_.end(),
                                     [](const BatchEntry& entry) { return !entry.refused; });
        if (!any) return change_->answer(why);
        go_on(&Batch::answer);
    }

    void answer() {
        http::Reply reply;
        json::Writer writer{reply.body};
        writer.begin_object().key("results").begin_array();
        std::uint64_t accepted = 0;
        for (const BatchEntry& entry : entries_) {
            writer.begin_object();
            if (entry.refused) {
                writer.key("error").raw(http::to_json(*entry.refused));
            } else {
                ++accepted;
                writer.key("id").string(entry.transfer->id().to_string());
            }
            writer.end_object();
        }
        writer.end_array().key("accepted").number(accepted);
        if (const std::size_t rest = total_ - entries_.size(); rest > 0) {
            writer.key("not_looked_at").number(rest);
            writer.key("message").string("The batch ended at its " + std::to_string(kBatchBadMax) +
                                         "th bad entry: the last " + std::to_string(rest) +
                                         " of its " + std::to_string(total_) +
                                         " entries were not looked at.");
        }
        writer.end_object();
        change_->answer(std::move(reply));
    }

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
