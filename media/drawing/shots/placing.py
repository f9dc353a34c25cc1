"""Places the figures and things of a shot on its ground."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from media.drawing.people.poses import holding
from media.drawing.props.kinds import Prop
from media.drawing.shots.framing import SEAT_METRES, Placed, PlacedProp
from media.drawing.shots.ground import Ground, Slot, lift_of, spot_of

_WATERS = ("RIVER", "SEA", "HARBOUR", "BRIDGE")
_SHAFT_METRES = 0.22  # between the puller and the cart
_SEAT_BACK_METRES = 0.2  # how far behind the middle of a cart its seat is


@dataclass(frozen=True)
class Cart:
    """A cart in its place, and the figure who rides in it, with its index, where there is one."""

    placed: PlacedProp
    rider: Placed | None = None


def place_all(ground: Ground) -> tuple[tuple[Placed, ...], tuple[PlacedProp, ...]]:
    """Figures and things of the shot, each from far to near."""
    figures = {index: place_figure(ground, Slot(number, index)) for number, index in enumerate(ground.order)}
    things: list[PlacedProp] = []
    standing = [prop for prop in ground.shot.things if not prop.is_held]
    for rank, prop in enumerate(standing):
        cart = place_cart(ground, figures) if prop is ground.roles.wheels else None
        if cart is None:
            things.append(place_beside(ground, prop, rank))
            continue
        things.append(cart.placed)
        if cart.rider is not None and ground.roles.rider is not None:
            figures[ground.roles.rider] = cart.rider
    if not figures:
        things += place_alone(ground)
    return (
        tuple(sorted(figures.values(), key=lambda figure: -figure.z)),
        tuple(sorted(things, key=lambda placed: -placed.z)),
    )


def place_figure(ground: Ground, slot: Slot) -> Placed:
    """One member in its slot of the row."""
    shot, roles = ground.shot, ground.roles
    member, spot = shot.members[slot.index], spot_of(ground, slot)
    held = roles.held if slot.index == roles.holder else None
    action, pose = member.actor.action, member.pose
    is_back = slot.index in roles.backs
    return Placed(
        look=member.look,
        pose=pose if held is None else holding(pose, action, is_overhead=held.kind == "UMBRELLA"),
        action=action,
        mood=member.actor.mood,
        x=spot.x,
        z=spot.z,
        is_mirrored=spot.is_mirrored,
        held=held,
        lifted=lift_of(ground, slot),
        is_from_behind=is_back,
        shade=0.5 if is_back and shot.reading.camera == "LOW" else 0.0,
        is_talking=member.is_talking,
        is_asleep=shot.is_asleep(member),
    )


def place_cart(ground: Ground, figures: Mapping[int, Placed]) -> Cart | None:
    """The wheels with the one who pulls or, where nobody does, with the one who rides; None where neither is there."""
    wheels, puller, rider = ground.roles.wheels, ground.roles.puller, ground.roles.rider
    if wheels is None:
        return None
    if puller is not None:
        return cart_behind(wheels, figures[puller], None if rider is None else figures[rider])
    return cart_under(wheels, figures[rider]) if rider is not None else None


def cart_behind(wheels: Prop, puller: Placed, rider: Placed | None) -> Cart:
    """The cart behind the one who pulls it, and the rider in it."""
    facing = puller.is_mirrored
    x = puller.x + (wheels.wide * wheels.metres / 2 + _SHAFT_METRES) * (1 if facing else -1)
    placed = PlacedProp(wheels, x, puller.z * 1.03, facing, wheels.metres)
    if rider is None:
        return Cart(placed)
    seat = x + (_SEAT_BACK_METRES if facing else -_SEAT_BACK_METRES)
    return Cart(placed, replace(rider, x=seat, z=puller.z * 1.02, is_mirrored=facing, lifted=SEAT_METRES))


def cart_under(wheels: Prop, rider: Placed) -> Cart:
    """The cart where its rider is."""
    back = _SEAT_BACK_METRES if rider.is_mirrored else -_SEAT_BACK_METRES
    return Cart(PlacedProp(wheels, rider.x - back, rider.z * 1.02, rider.is_mirrored, wheels.metres))


def place_beside(ground: Ground, prop: Prop, rank: int) -> PlacedProp:
    """A thing that stands: beside the figures, by turns on either side; with nobody there, in a row of its own."""
    shot = ground.shot
    count = len(shot.members)
    half = prop.wide * prop.metres / 2
    away = 1 if (rank % 2 == 0) == (shot.side > 0) else -1
    if count:
        x = ground.centre + away * ((count * ground.gap) / 2 + 0.15 + half * 0.85)
    else:
        x = ground.centre + away * rank * half * 1.5
    z = ground.z * (1.12 if count else 1.0)
    if prop.kind == "BOAT" and shot.reading.place in _WATERS:
        z *= 2.0  # out on the water, beyond the bank
    return PlacedProp(prop, x, z, shot.side < 0, prop.metres)


def place_alone(ground: Ground) -> list[PlacedProp]:
    """Places things to hold where nobody can hold them: side by side, larger than life."""
    held = [prop for prop in ground.shot.things if prop.is_held]
    return [
        PlacedProp(prop, ground.centre + (rank - (len(held) - 1) / 2) * 0.5, ground.z, False, prop.metres * 1.5)
        for rank, prop in enumerate(held)
    ]
