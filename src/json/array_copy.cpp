#include "json/array_copy.hpp"

#include <unordered_set>
#include <utility>
#include <vector>

#include "json/parser.hpp"
#include "json/quote.hpp"
#include "json/refusals.hpp"

namespace cairn::json {
namespace {

constexpr std::size_t kMembersMax = 1024;
constexpr std::size_t kNamesMax = 1024 * 1024;  // bytes, of the objects that are open
constexpr std::size_t kAroundName = 64;         // bytes that a name takes beside its text

/// Writes what stands within the wanted array.
class CopySink final : public Sink {
public:
    CopySink(std::string member, std::size_t bytes) : member_{std::move(member)}, bytes_{bytes} {}

    bool begin_object() override { return begin(true); }
    bool end_object() override { return end('}'); }
    bool begin_array() override { return begin(false); }
    bool end_array() override { return end(']'); }

    bool name(std::string&& text) override {
        text_bytes_ = 0;
        Level& level = levels_.back();
        const auto [name, fresh] = level.names.insert(std::move(text));
        const std::size_t cost = name->size() + kAroundName;
        level.bytes += cost;
        names_bytes_ += cost;
        if (!fresh) {
            why_ = stands_twice(*name) + " in one object";
        } else if (level.names.size() > kMembersMax) {
            why_ = too_many_members(kMembersMax);
        } else if (names_bytes_ > kNamesMax) {
            why_ = "the names of its objects are longer than 1 MiB together";
        }
        if (!why_.empty()) return false;
        if (levels_.size() == 1) wanted_ = *name == member_;
        if (!copying_) return true;
        if (!std::exchange(level.first, false)) out_ += ',';
        append_string(out_, *name);
        out_ += ':';
        return has_room();
    }
    bool string(std::string&& text) override {
        text_bytes_ = 0;
        if (!separate()) return false;
        if (copying_) append_string(out_, text);
        return value_done();
    }
    bool number(std::string&& text) override {
        text_bytes_ = 0;
        return word(text);
    }
    bool boolean(bool value) override { return word(value ? "true" : "false"); }
    bool null() override { return word("null"); }
    bool grows(std::size_t bytes) override {
        text_bytes_ = bytes;
        return has_room();
    }
    [[nodiscard]] const std::string& why() const override { return why_; }

    [[nodiscard]] std::string take() {
        out_.resize(whole_);
        whole_ = 0;
        return std::exchange(out_, {});
    }
    [[nodiscard]] std::size_t held() const { return out_.size() + text_bytes_ + names_bytes_; }
    [[nodiscard]] bool is_full() const { return full_; }
    [[nodiscard]] bool found() const { return found_; }

private:
    struct Level {
        bool object = false;
        bool first = true;
        std::unordered_set<std::string> names;
        std::size_t bytes = 0;  // of the names
    };

    bool has_room() {
        full_ = out_.size() + text_bytes_ > bytes_;
        return !full_;
    }
    /// What stands before a value.
    bool separate() {
        if (levels_.empty()) {
            why_ = "it is no object";
            return false;
        }
        if (copying_ && !levels_.back().object && !std::exchange(levels_.back().first, false))
            out_ += ',';
        if (levels_.size() > 1 || !wanted_) return true;
        why_ = "its \"" + member_ + "\" is no array";
        return false;
    }
    bool value_done() {
        if (!copying_) return true;
        if (!has_room()) return false;
        if (levels_.size() == 2) whole_ = out_.size();
        return true;
    }
    bool word(std::string_view text) {
        if (!separate()) return false;
        if (copying_) out_ += text;
        return value_done();
    }
    bool begin(bool object) {
        if (levels_.size() == 1 && wanted_ && !object) {
            copying_ = found_ = true;
        } else if (!levels_.empty() || !object) {
            if (!separate()) return false;
            if (copying_) out_ += object ? '{' : '[';
        }
        levels_.push_back(Level{.object = object, .first = true, .names = {}, .bytes = 0});
        return has_room();
    }
    bool end(char bracket) {
        names_bytes_ -= levels_.back().bytes;
        levels_.pop_back();
        if (levels_.size() == 1) copying_ = false;
        if (!copying_) return true;
        out_ += bracket;
        return value_done();
    }

    const std::string member_;
    const std::size_t bytes_;
    std::vector<Level> levels_;
    std::size_t text_bytes_ = 0;   // of the text that is being read
    std::size_t names_bytes_ = 0;  // of the objects that are open
    std::string out_;
    std::size_t whole_ = 0;  // of out_: up to the last element that is complete
    bool wanted_ = false;    // the member being read is the one
    bool copying_ = false;
    bool found_ = false;
    bool full_ = false;
    std::string why_;
};

}  // namespace

struct ArrayCopy::State {
    State(std::string member, const Limits& limits)
        : sink{std::move(member), limits.bytes}, parser{limits.depth, sink} {}

    CopySink sink;
    Parser parser;
};

ArrayCopy::ArrayCopy(std::string member, Limits limits)
    : state_{std::make_unique<State>(std::move(member), limits)} {}
ArrayCopy::~ArrayCopy() = default;
ArrayCopy::ArrayCopy(ArrayCopy&&) noexcept = default;

Result<bool, ParseError> ArrayCopy::feed(std::string_view part) {
    auto fed = state_->parser.feed(part);
    if (state_->sink.is_full()) return false;
    if (!fed) return fail(std::move(fed.error()));
    return true;
}

Result<void, ParseError> ArrayCopy::finish() {
    if (auto done = state_->parser.finish(); !done) return done;
    if (!state_->sink.found())
        return fail(ParseError{"it has no array of that name", state_->parser.offset()});
    return {};
}

std::size_t ArrayCopy::held() const { return state_->sink.held(); }

std::string ArrayCopy::take() { return state_->sink.take(); }

}  // namespace cairn::json
