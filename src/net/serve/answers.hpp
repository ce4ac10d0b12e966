#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "ledger/staged.hpp"
#include "net/message.hpp"
#include "net/serve/serve.hpp"

namespace cairn::net {

/// What one peer asked of chain and pool and was not told yet: answered in the order asked, a frame
/// at a time, by whoever has room to send one, from when the node knows of the peer. Before, an
/// answer could lack what a commit under way is about to add, and that would never be told: it is
/// announced to the peers whom the node knows. Each call does a bounded part of the work, so that
/// nobody else waits long; what a question has found so far is kept meanwhile. Not for several
/// threads.
class Answers {
public:
    /// Questions, and items in them, that may wait; beyond it nothing more is to be read from that
    /// peer. Honest peers stay below, or two could wait for each other.
    static constexpr std::size_t kAskedMax = 8'192;
    // What a call looks at.
    static constexpr std::size_t kItemsAtOnce = 64;
    static constexpr std::size_t kHeadersAtOnce = 100;
    static constexpr std::size_t kPoolRowsAtOnce = 400;

    struct Part {
        std::optional<Bytes> frame;
        bool more = false;  // if no frame: nothing to send yet, ask again when others had a turn
        /// The frame of this comes first: whoever asks makes it (`frame_of`) where it has time, and
        /// gives it.
        std::optional<Apart> apart = {};
    };

    /// Keeps a question that is answered here. False: it is another message, and untouched.
    [[nodiscard]] bool take(Message& message);
    [[nodiscard]] bool is_full() const { return asked_ >= kAskedMax; }
    [[nodiscard]] bool empty() const { return questions_.empty(); }
    void clear();

    /// The node has seen that the peer is open, and what it committed since is public.
    void begin() { begun_ = true; }

    /// Goes on with the oldest question, once `begin` was called. `rows` is the chain as of now: it
    /// may have moved since the call before.
    [[nodiscard]] Part next(const Staged& rows);
    /// What came of `Part::apart`; the next call goes on with it.
    void give(std::optional<Bytes> frame) { given_ = std::move(frame); }

private:
    struct HeadersAsked {
        GetHeaders question;
        Headers found;
    };
    struct ItemsAsked {
        GetData question;
        std::size_t done = 0;
        NotFound missing;
    };
    struct PoolAsked {
        Bytes cursor;
        Inv found;
    };
    using Question = std::variant<HeadersAsked, ItemsAsked, PoolAsked, PoolPage>;

    void keep(Question question, std::size_t weight);
    void answered();
    [[nodiscard]] Part go_on(HeadersAsked& asked, const Staged& rows);
    [[nodiscard]] Part go_on(ItemsAsked& asked, const Staged& rows);
    [[nodiscard]] Part go_on(PoolAsked& asked, const Staged& rows);
    [[nodiscard]] Part go_on(const PoolPage& asked, const Staged&);

    bool begun_ = false;
    std::deque<std::pair<Question, std::size_t>> questions_;  // with what each weighs
    std::size_t asked_ = 0;                                   // what all of them weigh
    std::optional<std::optional<Bytes>> given_;
};

}  // namespace cairn::net
