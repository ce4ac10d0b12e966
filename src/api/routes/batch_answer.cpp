#include "api/routes/batch_answer.hpp"

#include <algorithm>
#include <utility>

#include "api/routes/batch.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"

namespace cairn::routes {
namespace {

class BatchStream final : public http::Stream {
public:
    BatchStream(std::vector<BatchEntry> entries, std::size_t total)
        : entries_{std::move(entries)}, total_{total} {}

    [[nodiscard]] Result<bool, StoreError> next(std::string& out) override {
        constexpr std::size_t kPart = 16 * 1024;
        if (at_ == 0 && !std::exchange(begun_, true)) out += "{\"results\":[";
        while (at_ < entries_.size() && out.size() < kPart) line(out);
        if (at_ < entries_.size()) return true;
        out += "],\"accepted\":" + std::to_string(accepted_);
        if (const std::size_t rest = total_ - entries_.size(); rest > 0) {
            out += ",\"not_looked_at\":" + std::to_string(rest) + ",\"message\":";
            json::append_string(out, "The batch ended at its " + std::to_string(kBatchBadMax) +
                                         "th bad entry: the last " + std::to_string(rest) +
                                         " of its " + std::to_string(total_) +
                                         " entries were not looked at.");
        }
        out += '}';
        return false;
    }
    [[nodiscard]] std::size_t held() const override {
        std::size_t bytes = 0;
        for (const auto& entry : entries_) bytes += sizeof entry + entry.error.capacity();
        return bytes;
    }

private:
    void line(std::string& out) {
        if (at_ > 0) out += ',';
        BatchEntry& entry = entries_[at_++];
        if (entry.error.empty()) {
            ++accepted_;
            out += "{\"id\":\"" + entry.transfer->id().to_string() + "\"}";
        } else {
            out += "{\"error\":" + entry.error + "}";
        }
        entry = {};
    }

    std::vector<BatchEntry> entries_;
    const std::size_t total_;  // as they came
    std::size_t at_ = 0;
    std::uint64_t accepted_ = 0;
    bool begun_ = false;
};

}  // namespace

std::string entry_error(const http::Problem& problem) {
    constexpr std::size_t kDetail = 160;
    std::string out;
    json::Writer writer{out};
    writer.begin_object().key("status").number(problem.status);
    writer.key("detail").string(json::cut(problem.detail, kDetail));
    if (problem.field) writer.key("field").string(*problem.field);
    if (problem.rule) writer.key("rule").string(*problem.rule);
    writer.end_object();
    return out;
}

std::unique_ptr<http::Stream> batch_answer(std::vector<BatchEntry> entries, std::size_t total) {
    return std::make_unique<BatchStream>(std::move(entries), total);
}

}  // namespace cairn::routes
