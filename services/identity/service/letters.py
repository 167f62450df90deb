"""The letters that identity writes: what happened or is asked, and the way out for whoever did not ask."""

from kernel.mail import Letter

IF_NOT_YOU = "If it was not you, set a new password at once and end all sessions."


def confirm_address(to: str, *, link: str) -> Letter:
    """Somebody registered with this address."""
    return Letter(
        to=to,
        subject="Please confirm your address",
        text=f"Confirm your address within two days:\n\n{link}\n\n"
        "If you did not register, ignore this letter: without it the account stays closed.\n",
    )


def address_is_taken(to: str, *, forgotten: str) -> Letter:
    """Somebody registered again with the address of an account."""
    return Letter(
        to=to,
        subject="Somebody tried to register with your address",
        text="You have an account at PlugZero Analytics already. If it was you, just log in; if the password is lost, or the "
        f"address was never confirmed, set a new one:\n\n{forgotten}\n\nIf it was not you, ignore this letter.\n",
    )


def reset_password(to: str, *, link: str) -> Letter:
    """Somebody forgot the password."""
    return Letter(
        to=to,
        subject="Set a new password",
        text=f"Set a new password within an hour:\n\n{link}\n\n"
        "If you did not ask for it, ignore this letter: nothing has changed.\n",
    )


def password_changed(to: str) -> Letter:
    """The password is another one now."""
    return Letter(
        to=to,
        subject="Your password was changed",
        text=f"All other sessions were ended. {IF_NOT_YOU}\n",
    )


def second_factor_changed(to: str, *, is_on: bool) -> Letter:
    """One-time codes were turned on or off."""
    state = "asks for a one-time code from now on" if is_on else "asks for no one-time code any more"
    return Letter(
        to=to,
        subject="Two-factor log-in was turned " + ("on" if is_on else "off"),
        text=f"Logging in to your account {state}. All other sessions were ended. {IF_NOT_YOU}\n",
    )


def recovery_codes_renewed(to: str) -> Letter:
    """The old recovery codes are void."""
    return Letter(
        to=to,
        subject="Your recovery codes were renewed",
        text=f"The earlier codes do not work any more. {IF_NOT_YOU}\n",
    )


def confirm_new_address(to: str, *, link: str) -> Letter:
    """The account's owner wants to use this address."""
    return Letter(
        to=to,
        subject="Please confirm your new address",
        text=f"Confirm it within two days, and your account uses this address:\n\n{link}\n\n"
        "If you know nothing of it, ignore this letter: nothing has changed.\n",
    )


def address_will_change(to: str, *, new: str) -> Letter:
    """Told to the present address when a change is asked for."""
    return Letter(
        to=to,
        subject="Somebody asked to change the address of your account",
        text=f"The account will use {new} once a letter sent there is confirmed. {IF_NOT_YOU}\n",
    )


def address_changed(to: str, *, new: str) -> Letter:
    """Told to the old address when the change is done."""
    return Letter(
        to=to,
        subject="The address of your account was changed",
        text=f"The account uses {new} now; this address does not log in any more. If it was not you, "
        "answer this letter or ask the operator of this installation.\n",
    )


def invitation(to: str, *, team: str, inviter: str, role: str, link: str, days: int) -> Letter:
    """An offer of a role in a team."""
    return Letter(
        to=to,
        subject=f"You are invited to the team {team!r}",
        text=f"{inviter} invites you to the team {team!r} at PlugZero Analytics, as {role}.\n\n"
        f"Accept within {days} days:\n\n{link}\n\nIf you do not know them, ignore this letter.\n",
    )
